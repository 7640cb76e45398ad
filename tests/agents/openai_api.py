# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenAI's Responses API as codex uses it, and Chat Completions for agents that speak only that.

Codex offers its tools in one of two ways, by model: as functions (exec_command, apply_patch), or as one tool `exec` that
takes JavaScript, which calls the others. The second is what its current models get, and what a script's step becomes where
it is on offer.
"""
import json
import os

NAME = "openai"


def speaks(path):
    return path.endswith("/responses") or path.endswith("/chat/completions")


def listed(request):
    """All tools, also those that codex sends as an item of the conversation, in namespaces."""
    lists = [request.get("tools") or []]
    for item in request.get("input") or []:
        if isinstance(item, dict) and item.get("type") == "additional_tools":
            lists.append(item["tools"])
    for tools_ in lists:
        for tool in tools_:
            if tool.get("type") == "namespace":
                lists.append(tool["tools"])
            else:
                yield tool


def tools(request):
    return {tool.get("name") or tool.get("function", {}).get("name") or tool["type"] for tool in listed(request)}


def results(request):
    """The texts of all tool results of the conversation, oldest first."""
    texts = []
    for item in request.get("input") or []:
        if isinstance(item, dict) and item.get("type") in ("function_call_output", "custom_tool_call_output"):
            texts.append(text_of(item.get("output")))
    for message in request.get("messages") or []:
        if message.get("role") == "tool":
            texts.append(text_of(message.get("content")))
    return texts


def text_of(output):
    if isinstance(output, dict):
        output = output.get("content")
    if isinstance(output, list):
        return "\n".join(part.get("text", "") for part in output)
    return output or ""


def patch(step):
    """A step as codex' patch language has it; `old` and `new` are single lines."""
    if step["do"] == "write":
        added = "".join("+%s\n" % line for line in step["content"].splitlines())
        return "*** Begin Patch\n*** Add File: %s\n%s*** End Patch\n" % (step["path"], added)
    return "*** Begin Patch\n*** Update File: %s\n@@\n-%s\n+%s\n*** End Patch\n" % (step["path"], step["old"], step["new"])


def code(step):
    """JavaScript for the tool `exec`."""
    if step["do"] in ("write", "edit"):
        return "text(await tools.apply_patch(%s));" % json.dumps(patch(step))
    command = step["command"] if step["do"] == "shell" else "cat '%s'" % step["path"]
    return "text((await tools.exec_command({cmd: %s, yield_time_ms: 30000})).output);" % json.dumps(command)


# Tools of agents that speak Chat Completions: the tool that tells which agent it is, then for each kind of step the tool
# and its arguments.
CHAT_AGENTS = (
    (
        "run_shell_command",  # Qwen Code
        {
            "shell": lambda s: ("run_shell_command", {"command": s["command"], "is_background": False}),
            "write": lambda s: ("write_file", {"file_path": s["path"], "content": s["content"]}),
            "read": lambda s: ("read_file", {"file_path": s["path"]}),
            "edit": lambda s: ("edit", {"file_path": s["path"], "old_string": s["old"], "new_string": s["new"]}),
        },
    ),
    (
        "create",  # GitHub Copilot CLI
        {
            "shell": lambda s: ("bash", {"command": s["command"], "description": "a step"}),
            "write": lambda s: ("create", {"path": s["path"], "file_text": s["content"]}),
            "read": lambda s: ("view", {"path": s["path"]}),
            "edit": lambda s: ("edit", {"path": s["path"], "old_str": s["old"], "new_str": s["new"]}),
        },
    ),
    (
        "tree",  # goose
        {
            "shell": lambda s: ("shell", {"command": s["command"]}),
            "write": lambda s: ("write", {"path": s["path"], "content": s["content"]}),
            "read": lambda s: ("shell", {"command": "cat '%s'" % s["path"]}),
            "edit": lambda s: ("edit", {"path": s["path"], "before": s["old"], "after": s["new"]}),
        },
    ),
    (
        "bash",  # opencode
        {
            "shell": lambda s: ("bash", {"command": s["command"], "description": "a step"}),
            "write": lambda s: ("write", {"filePath": s["path"], "content": s["content"]}),
            "read": lambda s: ("read", {"filePath": s["path"]}),
            "edit": lambda s: ("edit", {"filePath": s["path"], "oldString": s["old"], "newString": s["new"]}),
        },
    ),
)


def chat_call(offered, step):
    """Name and arguments of a tool."""
    for sign, calls in CHAT_AGENTS:
        if sign in offered:
            return calls[step["do"]](step)
    raise KeyError("an agent that we do not know, with the tools " + " ".join(sorted(offered)))


def item(offered, step):
    """The answer's one item: a tool call or text."""
    if not step:
        content = [{"type": "output_text", "text": "All done.", "annotations": []}]
        return {"type": "message", "id": "msg_test", "role": "assistant", "status": "completed", "content": content}
    number, step = step
    call = {"id": "tc_%04d" % number, "call_id": "call_%04d" % number, "status": "completed"}
    if "exec" in offered:
        return dict(call, type="custom_tool_call", name="exec", input=code(step))
    if step["do"] in ("write", "edit"):
        return dict(call, type="custom_tool_call", name="apply_patch", input=patch(step))
    command = step["command"] if step["do"] == "shell" else "cat '%s'" % step["path"]
    arguments = json.dumps({"cmd": command, "yield_time_ms": 30000})
    return dict(call, type="function_call", name="exec_command", arguments=arguments)


def responses(request, offered, step):
    whole = {
        "id": "resp_test_%d" % os.getpid(),
        "object": "response",
        "model": request.get("model"),
        "status": "completed",
        "output": [item(offered, step)],
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 10,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 20,
        },
    }
    if not request.get("stream"):
        return 200, "application/json", json.dumps(whole).encode()
    events = [
        {"type": "response.created", "response": dict(whole, status="in_progress", output=[])},
        {"type": "response.output_item.added", "output_index": 0, "item": whole["output"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]},
        {"type": "response.completed", "response": whole},
    ]
    text = "".join("event: %s\ndata: %s\n\n" % (event["type"], json.dumps(event)) for event in events)
    return 200, "text/event-stream", text.encode()


def chat(request, offered, step):
    message = {"role": "assistant", "content": "All done."}
    finish = "stop"
    if step:
        name, arguments = chat_call(offered, step[1])
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": 0, "id": "call_%04d" % step[0], "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        finish = "tool_calls"
    base = {"id": "chatcmpl-test", "created": 0, "model": request.get("model")}
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    if not request.get("stream"):
        choices = [{"index": 0, "message": message, "finish_reason": finish}]
        return 200, "application/json", json.dumps(dict(base, object="chat.completion", choices=choices, usage=usage)).encode()
    chunks = [
        [{"index": 0, "delta": message, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": finish}],
        [],
    ]
    lines = [dict(base, object="chat.completion.chunk", choices=choices) for choices in chunks]
    lines[-1]["usage"] = usage
    text = "".join("data: %s\n\n" % json.dumps(line) for line in lines) + "data: [DONE]\n\n"
    return 200, "text/event-stream", text.encode()


def answer(path, request, offered, step):
    if path.endswith("/chat/completions"):
        return chat(request, offered, step)
    return responses(request, offered, step)
