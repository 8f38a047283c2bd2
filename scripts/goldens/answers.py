"""Writes the goldens of src/evaluation/vqa.ts and commonsense.ts by the official scorers.

    git clone https://github.com/GT-Vision-Lab/VQA && git -C VQA checkout c4e6a0e
    python scripts/goldens/answers.py VQA/PythonEvaluationTools/vqaEvaluation/vqaEval.py

The eight regular expressions are those of AGI-Edgerunners/LLM-Adapters, commonsense_evaluate.py.
"""

import json
import pathlib
import re
import sys

OUT = pathlib.Path(__file__).parents[2] / "src" / "evaluation" / "goldens" / "answers.json"
PHRASES = {
    "boolq": r"true|false",
    "piqa": r"solution1|solution2",
    "social_i_qa": r"answer1|answer2|answer3|answer4|answer5",
    "hellaswag": r"ending1|ending2|ending3|ending4",
    "winogrande": r"option1|option2",
    "ARC-Easy": r"answer1|answer2|answer3|answer4|answer5",
    "ARC-Challenge": r"answer1|answer2|answer3|answer4|answer5",
    "openbookqa": r"answer1|answer2|answer3|answer4|answer5",
}
GENERATED = [
    "the correct answer is true", "False, that is true", "untrue, so false", "the correct answer is answer3.", "answer6 or answer12",
    "Answer1", "the correct answer is solution2\nsolution1", "ending44", "option3 option2", "", "no idea", "solution1answer5ending2option1",
]
ANSWERS = [
    "yes", "Yes.", " yes ", "a dog", "The Dog", "an", "two", "Ten dogs", "none", "no one", "dont know", "don't know", "it's", "its", "couldnt've",
    "couldn'tve", "yall'd've", "somebody'd", "'twas", "twas", "Im here", "ow's'at", "she's", "1,000", "1,000 - 2,000", "1, 000", "3.14", ".5", "5.",
    "u.s.a.", "St. John", "a/b", "a / b", "t-shirt", "t - shirt", "wi-fi!", "(left)", "[x] {y}", "left, right", "left,right", "red;blue", "what?",
    "12:30", "12:30 pm", "\"quoted\"", "back\\slash", "under_score", "a=b+c", "<b>", "me@home", "`tick`", "tab\tand\nline", "  many   spaces  ",
    "no\u00a0break", "\u0663,\u0664", "x" + "." * 40, "a an the", "one.two", "zero one", "the. end", "", ".", "-", "Nine-Ten", "\u00c9T\u00c9",
]
TABLES = [
    ["yes"] * 10, ["yes"] * 9 + ["no"], ["dog"] * 3 + ["a dog"] * 7, ["2"] * 4 + ["two"] * 6, ["t shirt"] * 2 + ["t-shirt"] * 8,
    ["Yes"] * 5 + ["yes"] * 5, ["left,right"] * 10, ["left,right"] * 5 + ["left right"] * 5, ["don't know"] * 3 + ["dont know"] * 7,
    ["1,000"] * 6 + ["1000"] * 4, ["st john"] * 1 + ["St. John"] * 9, ["u.s.a"] * 10, ["usa"] * 3 + ["u.s.a."] * 7, ["a"] * 5 + [""] * 5,
]


def scorer(path):
    source = re.sub(r'print ("[^"]*")', r"print(\1)", pathlib.Path(path).read_text())
    names = {}
    exec(compile(source, path, "exec"), names)  # noqa: S102, the file that the reader was told to fetch
    return names["VQAEval"]


class Data:
    def __init__(self, qa):
        self.qa = qa

    def getQuesIds(self):
        return list(self.qa)


def vqa(evaluator):
    cases = [(answer, table) for table in TABLES for answer in ANSWERS]
    questions = {
        i: {"answers": [{"answer": a, "answer_id": k} for k, a in enumerate(table)], "question_type": "", "answer_type": ""}
        for i, (_, table) in enumerate(cases)
    }
    judge = evaluator(Data(questions), Data({i: {"answer": answer} for i, (answer, _) in enumerate(cases)}))
    scores = []
    judge.setAccuracy = lambda accuracies, *_: scores.extend(accuracies)
    judge.setEvalQA = judge.setEvalQuesType = judge.setEvalAnsType = judge.updateProgress = lambda *_: None
    judge.evaluate()
    normalised = lambda a: judge.processDigitArticle(judge.processPunctuation(a.replace("\n", " ").replace("\t", " ").strip()))
    words = [*judge.contractions, *judge.contractions.values()]
    return {
        "normalised": [[a, normalised(a)] for a in [*ANSWERS, *words]],
        "tables": TABLES,
        "answers": ANSWERS,
        "scores": [scores[i : i + len(ANSWERS)] for i in range(0, len(scores), len(ANSWERS))],
    }


document = {
    "vqa": vqa(scorer(sys.argv[1])),
    "commonsense": [[name, text, next(iter(re.findall(regex, text)), None)] for name, regex in PHRASES.items() for text in GENERATED],
}
OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(OUT, OUT.stat().st_size, "bytes")
