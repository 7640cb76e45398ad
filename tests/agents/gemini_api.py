# SPDX-License-Identifier: LGPL-2.1-or-later
"""Google's Gemini API: generateContent, whole and streamed, as Gemini CLI uses it; with a Google login the same in an envelope
(v1internal)."""
import json

NAME = "gemini"


def speaks(path):
    return path.endswith((":generateContent", ":streamGenerateContent", ":countTokens"))


def letter(request):
    """Out of the envelope, if it came in one."""
    return request.get("request", request)


def tools(request):
    return {
        function["name"] for tool in letter(request).get("tools") or [] for function in tool.get("functionDeclarations") or []
    }


def results(request):
    """The texts of all tool results of the conversation, oldest first."""
    texts = []
    for content in letter(request).get("contents", []):
        for part in content.get("parts", []):
            if "functionResponse" in part:
                response = part["functionResponse"].get("response", {})
                texts.append(str(response.get("output") or response.get("error") or response))
    return texts


def call(step):
    name, arguments = {
        "shell": lambda: ("run_shell_command", {"command": step["command"]}),
        "write": lambda: ("write_file", {"file_path": step["path"], "content": step["content"]}),
        "read": lambda: ("read_file", {"file_path": step["path"]}),
        "edit": lambda: (
            "replace",
            {
                "file_path": step["path"],
                "old_string": step["old"],
                "new_string": step["new"],
                "instruction": "do as the script says",
            },
        ),
    }[step["do"]]()
    return {"functionCall": {"name": name, "args": arguments}}


def answer(path, request, _offered, step):
    if path.endswith(":countTokens"):
        return 200, "application/json", b'{"totalTokens": 10}'
    part = call(step[1]) if step else {"text": plain(request)}
    whole = {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20},
    }
    if "/v1internal:" in path:
        whole = {"response": whole}
    if path.endswith(":streamGenerateContent"):
        return 200, "text/event-stream", b"data: %s\r\n\r\n" % json.dumps(whole).encode()
    return 200, "application/json", json.dumps(whole).encode()


def plain(request):
    """Text, or JSON where the request demands it (the agent asks which model suits the task, for one)."""
    config = letter(request).get("generationConfig") or {}
    if config.get("responseMimeType") == "application/json":
        return json.dumps({"complexity_reasoning": "a test", "complexity_score": 10})
    return "All done."
