"""Dialogues as token ids by Python transformers, for src/data/preprocess/dialogue-encoder.test.ts.

    pip install transformers tokenizers jinja2 && python scripts/goldens/dialogues.py    # writes src/data/goldens/dialogues.json

Byte-level BPE trained on a few lines, with chat templates of four manners, and instructions as Alpaca puts them. What is
learned is told from the tokens of what stands before an answer, encoded on their own.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

TARGET = Path(__file__).parents[2] / "src/data/goldens/dialogues.json"
LINES = [
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.",
    "### Instruction: ### Input: ### Response: the correct answer is answer1, answer2 or true",
    "What is the capital of France? The capital of France is Paris. You are a helpful assistant. user assistant system",
]
SPECIAL = ["<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>"]
TEMPLATES = {
    "chatml": (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "brackets": (
        "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set turns = messages[1:] %}"
        "{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}{{ bos_token }}"
        "{% for message in turns %}{% if message['role'] == 'user' %}"
        "{{ '[INST] ' + (system + '\n\n' if loop.first and system else '') + message['content'].strip() + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'].strip() + eos_token }}"
        "{% else %}{{ raise_exception('only user and assistant take turns') }}{% endif %}{% endfor %}"
    ),
    "headers": (
        "{%- for m in messages %}\n{{- '<|' + m.role + '|>\n' + m.content + eos_token + '\n' }}\n{%- endfor %}\n"
        "{%- if add_generation_prompt %}\n{{- '<|assistant|>\n' }}\n{%- endif %}"
    ),
    "thoughts only in the last turn": (
        "{% for m in messages %}{% if m.role == 'assistant' and not loop.last %}{{ 'A: ' + m.content.split('=>')[-1] + eos_token }}"
        "{% elif m.role == 'assistant' %}{{ 'A: ' + m.content + eos_token }}{% else %}{{ 'Q: ' + m.content + '\n' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'A: ' }}{% endif %}"
    ),
}
DIALOGUES = [
    [("user", "What is the capital of France?"), ("assistant", "Paris.")],
    [("system", "You are a helpful assistant."), ("user", "What?"), ("assistant", "the correct answer is true")],
    [("user", "Hi"), ("assistant", "Hello => user"), ("user", "  the answer?  "), ("assistant", "naïve => 42 🙂")],
]
INSTRUCTIONS = [
    ("What is the capital of France?", "", "the correct answer is answer1"),
    ("Describe the task", "a request\n\nof two lines", "Paris"),
]


def tokenizer():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(LINES, trainer)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def common(a, b):
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def chat(tok, template, turns):
    messages = [{"role": role, "content": content} for role, content in turns]
    text = lambda part, ask: tok.apply_chat_template(part, chat_template=template, tokenize=False, add_generation_prompt=ask)
    encode = lambda string: tok(string, add_special_tokens=False)["input_ids"]
    whole = text(messages, False)
    ids = encode(whole)
    learned = [False] * len(ids)
    for i, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        start, end = (common(whole, text(messages[:k], k == i)) for k in (i, i + 1))
        first, last = (len(ids) if at == len(whole) else common(ids, encode(whole[:at])) for at in (start, end))
        learned[first:last] = [True] * (last - first)
    prompt = encode(text(messages[:-1], True))
    return {"messages": messages, "text": whole, "ids": ids, "learned": learned, "prompt": prompt}


def alpaca(tok, instruction, about, response):
    with_input = ", paired with an input that provides further context" if about else ""
    prompt = (
        f"Below is an instruction that describes a task{with_input}. "
        f"Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n"
    )
    prompt += (f"### Input:\n{about}\n\n" if about else "") + "### Response:\n"
    before, ids = tok(prompt)["input_ids"], tok(prompt + response)["input_ids"] + [tok.eos_token_id]
    first = common(before, ids)
    row = {"instruction": instruction, "input": about, "output": response}
    return {"row": row, "ids": ids, "learned": [t >= first for t in range(len(ids))], "prompt": before}


def main():
    tok = tokenizer()
    chats = {}
    for name, template in TEMPLATES.items():
        fits = [d for d in DIALOGUES if name != "thoughts only in the last turn" or d[0][0] == "user"]
        chats[name] = {"template": template, "dialogues": [chat(tok, template, d) for d in fits]}
    goldens = {
        "definition": json.loads(tok.backend_tokenizer.to_str()),
        "config": {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": "<pad>"},
        "chats": chats,
        "instructions": [alpaca(tok, *row) for row in INSTRUCTIONS],
    }
    TARGET.write_text(json.dumps(goldens, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(TARGET, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
