# SPDX-License-Identifier: LGPL-2.1-or-later
"""Anthropic's Messages API as far as agents use it: one answer a request, streamed or whole, text or one tool call."""
import json

NAME = "anthropic"


def speaks(path):
    return path.endswith("/v1/messages") or path.endswith("/v1/messages/count_tokens")


def tools(request):
    return {tool["name"] for tool in request.get("tools") or [] if "name" in tool}


def results(request):
    """The texts of all tool results of the conversation, oldest first."""
    texts = []
    for message in request.get("messages", []):
        content = message.get("content")
        if message.get("role") != "user" or not isinstance(content, list):
            continue
        for block in content:
            if block.get("type") == "tool_result":
                texts.append(text_of(block.get("content")))
    return texts


def text_of(content):
    if isinstance(content, list):
        return "\n".join(block.get("text", "") for block in content)
    return content or ""


def call(number, step, offered):
    """A step as a call of one of the agent's tools: the names of Claude Code, and of opencode in small letters."""
    kind = step["do"]
    name, arguments = {
        "shell": lambda: ("Bash", {"command": step["command"], "description": "step %d" % number}),
        "write": lambda: ("Write", {"file_path": step["path"], "content": step["content"]}),
        "read": lambda: ("Read", {"file_path": step["path"]}),
        "edit": lambda: ("Edit", {"file_path": step["path"], "old_string": step["old"], "new_string": step["new"]}),
    }[kind]()
    if name not in offered:
        name = name.lower()
    return {"type": "tool_use", "id": "toolu_%04d" % number, "name": name, "input": arguments}


def message(request, block):
    return {
        "id": "msg_test",
        "type": "message",
        "role": "assistant",
        "model": request.get("model"),
        "content": [block],
        "stop_reason": "tool_use" if block["type"] == "tool_use" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


def stream(whole):
    """The events of a streamed message, as the documentation of the API has them."""
    block = whole["content"][0]
    if block["type"] == "tool_use":
        start = dict(block, input={})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    else:
        start = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": block["text"]}
    events = [
        {"type": "message_start", "message": dict(whole, content=[], stop_reason=None)},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": 10},
        },
        {"type": "message_stop"},
    ]
    return "".join("event: %s\ndata: %s\n\n" % (event["type"], json.dumps(event)) for event in events).encode()


def answer(path, request, offered, step):
    if path.endswith("/count_tokens"):
        return 200, "application/json", b'{"input_tokens": 10}'
    block = call(*step, offered) if step else {"type": "text", "text": "All done."}
    whole = message(request, block)
    if request.get("stream"):
        return 200, "text/event-stream", stream(whole)
    return 200, "application/json", json.dumps(whole).encode()
