"""The small world that prepare.py draws: shapes on a canvas, questions about them, and what ten people say.

A scene is a list of (shape, colour, column, row): one to four shapes in different cells of three by three. Every kind of question
has two wordings or more; the first is the usual one.
"""

import math
from functools import cache

from PIL import Image, ImageDraw

SIZE, CELL, RADIUS = 48, 16, 6
FINE = 4
SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = {
    "red": (215, 45, 40),
    "green": (45, 165, 65),
    "blue": (50, 80, 215),
    "yellow": (230, 205, 40),
    "purple": (150, 55, 175),
    "black": (25, 25, 25),
}
NUMBERS = ("zero", "one", "two", "three", "four")
WORDINGS = {
    "colour": ("what colour is the {}?", "which colour has the {}?", "name the colour of the {}"),
    "shape": ("what shape is {}?", "which shape is there in {}?", "name the shape of {} colour"),
    "presence": ("is there a {}?", "has it a {}?"),
    "count": ("how many {} shapes are there?", "name how many shapes there are in {}"),
    "list": ("what is in {}?",),
    "side": ("is the {} on the left or on the right?", "which has the {}, the left or the right?"),
}
KNOWN, NEW = ("colour", "shape", "presence"), ("count", "side")
TAUGHT = (*KNOWN, "list", "list")


def scene(rng):
    cells = rng.sample([(column, row) for column in range(3) for row in range(3)], rng.randint(1, 4))
    return [(rng.choice(SHAPES), rng.choice(list(COLOURS)), *cell) for cell in cells]


def lone(things, place):
    """Things whose shape (0) or colour (1) no other thing has."""
    return [t for t in things if sum(t[place] == o[place] for o in things) == 1]


def question(rng, kind, things):
    """(What is asked about, the right answer, all possible answers), or None where the scene allows no such question."""
    if kind == "list":
        listed = sorted(things, key=lambda t: (t[3], t[2]))
        return "it", " ".join(f"{colour} {shape}" for shape, colour, *_ in listed), ()
    if kind == "presence":
        answer = rng.choice(("yes", "no"))
        there = {shape for shape, *_ in things}
        fitting = [s for s in SHAPES if (s in there) is (answer == "yes")]
        return (rng.choice(fitting), answer, ("yes", "no")) if fitting else None
    if kind == "count":
        # Colours that are there are asked for more often, or most answers were 0.
        about = rng.choice([colour for _, colour, *_ in things] * 2 + list(COLOURS))
        return about, str(sum(colour == about for _, colour, *_ in things)), ("0", "1", "2", "3", "4")
    asked = [t for t in lone(things, 1 if kind == "shape" else 0) if kind != "side" or t[2] != 1]
    if not asked:
        return None
    shape, colour, column, _ = rng.choice(asked)
    return {
        "colour": (shape, colour, tuple(COLOURS)),
        "shape": (colour, shape, SHAPES),
        "side": (shape, "left" if column == 0 else "right", ("left", "right")),
    }[kind]


def ten_answers(rng, answer, possible):
    """One of seven people errs; one of five writes numbers as words, capitals or a whole sentence."""
    said = []
    for _ in range(10):
        own = rng.choice([p for p in possible if p != answer]) if rng.random() < 1 / 7 else answer
        if rng.random() < 0.2:
            forms = [own.capitalize(), f"{own}.", f"it is {own}"]
            own = NUMBERS[int(own)] if own.isdigit() else rng.choice(forms)
        said.append(own)
    return said


def draw(rng, things, style="plain"):
    """The scene, plain, of rotated shapes or under noise, as a picture of SIZE × SIZE pixels, each shape up to a pixel off the middle of its cell."""
    picture = Image.new("RGB", (SIZE, SIZE), (225, 225, 225))
    for shape, colour, column, row in things:
        turn = rng.randint(20, 70) if style == "rotated" else 0
        stencil = outline(shape, turn, rng.randint(-FINE, FINE), rng.randint(-FINE, FINE))
        picture.paste(COLOURS[colour], (column * CELL, row * CELL), stencil)
    if style == "noise":
        noise = Image.frombytes("RGB", picture.size, rng.randbytes(SIZE * SIZE * 3))
        picture = Image.blend(picture, noise, 0.3)
    return picture


@cache
def outline(shape, turn, right, down):
    """The shape in a cell, white on black: turned by so many degrees, moved by so many quarters of a pixel."""
    middle = CELL * FINE / 2
    drawn = Image.new("L", (CELL * FINE, CELL * FINE))
    pen = ImageDraw.Draw(drawn)
    for polygon in polygons(shape, turn):
        pen.polygon([(middle + right + RADIUS * FINE * u, middle + down + RADIUS * FINE * v) for u, v in polygon], fill=255)
    return drawn.resize((CELL, CELL), Image.Resampling.BOX)


def polygons(shape, turn):
    """Corners in a square of −1 … 1, turned by so many degrees."""
    circle = [(math.cos(a * math.pi / 18), math.sin(a * math.pi / 18)) for a in range(36)]
    bar = [(-1, -0.35), (1, -0.35), (1, 0.35), (-1, 0.35)]
    corners = {
        "circle": [circle],
        "square": [[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]],
        "triangle": [[(0, -1), (1, 0.8), (-1, 0.8)]],
        "cross": [bar, [(v, u) for u, v in bar]],
    }[shape]
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return [[(c * u - s * v, s * u + c * v) for u, v in polygon] for polygon in corners]


def ask(rng, kinds, wordings=slice(0, 1)):
    """A scene, a question about it and its answer: (things, kind, text, answer, possible answers)."""
    while True:
        things, kind = scene(rng), rng.choice(kinds)
        found = question(rng, kind, things)
        if found:
            about, answer, possible = found
            return things, kind, rng.choice(WORDINGS[kind][wordings]).format(about), answer, possible
