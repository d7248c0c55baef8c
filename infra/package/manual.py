"""The manual page of the command, made of what the command says of itself."""
import json, subprocess


def page(command):
    """`cupel.1` in man's macros (man 7 groff_man): the command, then a section for each of its commands."""
    dumped = subprocess.run([command, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    root = json.loads(dumped)["command"]
    lines = ['.TH CUPEL 1 "" "cupel" "User Commands"', ".SH NAME", f"cupel \\- {text(root['abstract'])}", ".SH SYNOPSIS",
             ".B cupel", ".I command", "[\\fIoptions\\fR]"]
    if root.get("discussion"): lines += [".SH DESCRIPTION", ".nf", *map(text, root["discussion"].rstrip().split("\n")), ".fi"]
    lines.append(".SH COMMANDS")
    for command in subcommands(root, []): lines += section(*command)
    return "\n".join(lines) + "\n"


def subcommands(command, above):
    """The commands below `command` that do something themselves or explain those that do, each with its words."""
    for child in command.get("subcommands", []):
        if child["commandName"] == "help" or not child.get("shouldDisplay", True): continue
        words = [*above, child["commandName"]]
        yield words, child
        yield from subcommands(child, words)


def section(words, command):
    lines = [f".SS cupel {' '.join(words)}", text(command.get("abstract", ""))]
    if command.get("discussion"):
        lines += [".PP", ".nf", *map(text, command["discussion"].rstrip().split("\n")), ".fi"]
    for argument in command.get("arguments", []):
        names = ["-" * (1 if name["kind"] == "short" else 2 if name["kind"] == "long" else 1) + name["name"]
                 for name in argument.get("names") or []]
        if not argument.get("shouldDisplay", True) or "--help" in names or "--version" in names: continue
        value = argument.get("valueName", "")
        if argument["kind"] == "positional": title = f"\\fI{text(value)}\\fR"
        else: title = ", ".join(f"\\fB{text(name)}\\fR" for name in names) + (f" \\fI{text(value)}\\fR" if argument["kind"] == "option" else "")
        lines += [".TP", title, text(argument.get("abstract") or "")]
    return lines


def text(words):
    """Words in which nothing is a request: no backslash escapes, no dot or quote at the start of a line."""
    words = words.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in words.split("\n"))
