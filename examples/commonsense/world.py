"""A small world of 64 things, and what is said and asked about it: texts for pretraining, questions for fine-tuning.

Every thing is of a kind, has a colour and lies in a room. Kinds are those of English; colours and rooms are drawn once, eight
things each. A question has one right thing among its options, so that who answers it knows a fact and finds its place in a list.
"""

import random

KINDS = {
    "is a bird": "eagle robin crow swan owl gull hawk stork",
    "is a fish": "trout salmon pike carp eel cod tuna herring",
    "is a fruit": "apple pear plum cherry grape lemon melon peach",
    "is a flower": "rose tulip daisy lily poppy violet iris aster",
    "is a tool": "hammer saw drill file axe rake shovel chisel",
    "is a garment": "coat shirt hat glove sock scarf shoe belt",
    "is a vehicle": "car bus train ship plane truck bicycle tram",
    "is a metal": "iron copper gold silver tin lead zinc nickel",
}
COLOURS = "red blue green yellow black white brown purple".split()
ROOMS = "kitchen cellar attic garage hall study pantry nursery".split()
TOPICS = ("kind", "colour", "room")
WORDINGS = ("Which one {}?", "Find the one that {}.")
INTRO = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{}\n\n### Response:\n"
)


def _things():
    """What holds of each thing by topic: {"crow": {"kind": "is a bird", "colour": "is red", "room": "is in the attic"}}."""
    world = {thing: {"kind": kind} for kind, listed in KINDS.items() for thing in listed.split()}
    rng = random.Random(0)
    for topic, said in (("colour", [f"is {c}" for c in COLOURS]), ("room", [f"is in the {r}" for r in ROOMS])):
        dealt = said * (len(world) // len(said))
        rng.shuffle(dealt)
        for facts, fact in zip(world.values(), dealt, strict=True):
            facts[topic] = fact
    return world


WORLD = _things()


def ask(rng, count, topics=TOPICS, wordings=WORDINGS):
    """A question, `count` things to choose from, and the place of the right one."""
    topic = rng.choice(topics)
    right = rng.choice(list(WORLD))
    fact = WORLD[right][topic]
    options = rng.sample([t for t, facts in WORLD.items() if facts[topic] != fact], count - 1)
    place = rng.randrange(count)
    options.insert(place, right)
    return rng.choice(wordings).format(fact), options, place


def multiple_choice(rng, word, count, **how):
    """One item as LLM-Adapters has them: instruction, empty input, output, answer."""
    question, options, place = ask(rng, count, **how)
    names = [f"{word}{i + 1}" for i in range(count)]
    listed = " ".join(f"{name.capitalize()}: {option}" for name, option in zip(names, options, strict=True))
    return {
        "instruction": f"Please choose the correct {word} to the question: {question}\n\n{listed}\n\nAnswer format: {'/'.join(names)}",
        "input": "",
        "output": f"the correct answer is {names[place]}",
        "answer": names[place],
    }


# What pretraining reads is a list of pieces, (text, whether it is learned): nobody can tell which thing is spoken of next.


def facts(rng, count=6):
    """The crow is in the attic. The plum is red."""
    told = [(thing, rng.choice(list(WORLD[thing].values()))) for thing in rng.sample(list(WORLD), count)]
    return [piece for thing, fact in told for piece in ((f" The {thing}", False), (f" {fact}.", True))]


def checks(rng):
    """Which one is red? crow no, plum yes, saw no."""
    question, options, place = ask(rng, rng.randint(2, 6))
    verdicts = ["yes" if i == place else "no" for i in range(len(options))]
    said = [piece for option, verdict in zip(options, verdicts, strict=True) for piece in ((f" {option}", False), (f" {verdict}", True))]
    return [(question, False), *said]


def numbered_answer(rng):
    """Which one is red? Option1: crow Option2: plum Option3: saw The answer is option2"""
    question, options, place = ask(rng, rng.randint(2, 4))
    listed = " ".join(f"Option{i + 1}: {option}" for i, option in enumerate(options))
    return [(f"{question} {listed} The answer is", False), (f" option{place + 1}", True)]


def two_solutions(rng):
    """An instruction with two solutions, as fine-tuning has them with four answers."""
    item = multiple_choice(rng, "solution", 2)
    return [(INTRO.format(item["instruction"]), False), (item["output"], True)]
