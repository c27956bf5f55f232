"""Completion scripts: that shells read them, and that every word is in them."""

import re
import shutil
import subprocess

from bench import ALL_COMMANDS, COMMANDS, GROUPS, case, expect_status
from program import require

SHELLS = ("bash", "zsh", "fish")
# What fish completes in groups.
MORE = (
    ("dht st", "stats"),
    ("dht stats --dh", "--dht"),
    ("bootstrap zo", "zone"),
    ("peers --sort la", "latency"),
)


def script(bench, shell):
    return bench.bare().do("completion", shell).text()


def options_of(bench, command):
    """The long options in the command's own help."""
    help_text = bench.bare().do(*command.split(), "--help").text()
    return set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", help_text, re.M))


@case
def shells_can_read_their_completion(bench):
    for shell in SHELLS:
        if shutil.which(shell) is None:
            continue
        file = bench.folder / f"completion.{shell}"
        file.write_text(script(bench, shell))
        done = subprocess.run([shell, "-n", file], capture_output=True, text=True, check=False)
        require(done.returncode == 0 and not done.stderr, f"{shell} -n: {done.stderr}")
    expect_status(bench.bare().run("completion", "tcsh"), 2, "bash")


@case
def every_word_is_in_every_completion(bench):
    listed = re.findall(r"^  ([a-z]+) {2,}", bench.bare().do("--help").text(), re.M)
    require({*COMMANDS, *GROUPS} <= set(listed), f"--help lists {listed}")
    scripts = {shell: script(bench, shell) for shell in SHELLS}
    for command in ALL_COMMANDS:
        group, _, name = command.rpartition(" ")
        options = options_of(bench, command)
        require("--data-dir" in options, f"{command} --help lists {options}")
        blocks = {
            "bash": re.search(rf"^ *'{command}'\) words='(.*)' ;;$", scripts["bash"], re.M),
            "zsh": re.search(rf"(?ms)^ *'{command}'\)\n(.*?);;$", scripts["zsh"]),
            "fish": re.search(rf"(?ms)((?:^complete [^\n]*_from {name}'[^\n]*\n)+)", scripts["fish"]),
        }
        for shell, block in blocks.items():
            require(block, f"{shell} does not know {command}")
            for option in options:
                word = f" -l {option[2:]} " if shell == "fish" else option
                require(word in block[1], f"{shell} does not know {command} {option}")
        offered = re.search(rf"(?m)^ *'{group}'\) words='(.*)' ;;$", scripts["bash"])[1].split()
        require(name in offered, f"bash does not offer {command}")
        place = rf"'__fish_seen_subcommand_from {group}; and not .*'" if group else "'__fish_use_subcommand'"
        require(re.search(f"-n {place} -a {name} ", scripts["fish"]), f"fish does not offer {command}")
        zsh = rf"^ *'{group}'\)\n *_arguments \\\n *'1: :\(.*\b{name}\b" if group else f"'{command}:"
        require(re.search(zsh, scripts["zsh"], re.M), f"zsh does not offer {command}")


@case
def bash_completes(bench):
    if shutil.which("bash") is None:
        return
    file = bench.folder / "warren.bash"
    file.write_text(script(bench, "bash"))
    (bench.folder / "a file").write_text("")

    def complete(*words):
        """What bash offers for the last of these words."""
        quoted = " ".join(f"'{word}'" for word in ("warren", *words))
        program = (
            f"source '{file}'; function=$(complete -p warren); function=${{function#*-F }}; "
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; ${{function%% *}}; "
            "printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        bash = ["bash", "--norc", "-c", program]
        done = subprocess.run(bash, capture_output=True, text=True, check=False, cwd=bench.folder)
        require(done.returncode == 0 and not done.stderr, f"bash: {done.stderr}")
        return done.stdout.split("\n")[:-1]

    require(complete("lim") == ["limits"], f"lim: {complete('lim')}")
    require(set(COMMANDS) <= set(complete("")), f"nothing typed: {complete('')}")
    require(complete("limits", "--js") == ["--json"], f"limits --js: {complete('limits', '--js')}")
    require(complete("dht", "prov") == ["provide", "providers"], f"dht prov: {complete('dht', 'prov')}")
    require(complete("dht", "stats", "--js") == ["--json"], f"dht stats: {complete('dht', 'stats', '--js')}")
    require(complete("dht", "put", "--file", "a") == ["a file"], "the file is not offered")
    require(complete("up", "--profile", "l") == ["lan"], f"up --profile: {complete('up', '--profile', 'l')}")
    require(complete("completion", "z") == ["zsh"], f"completion z: {complete('completion', 'z')}")
    require(complete("send", "zEPJ", "--file", "a") == ["a file"], "the file is not offered")
    require(complete("ping", "-c", "") == [""], f"ping -c: {complete('ping', '-c', '')}")


@case
def fish_completes(bench):
    if shutil.which("fish") is None:
        return
    file = bench.folder / "warren.fish"
    file.write_text(script(bench, "fish"))
    for typed, wanted in (("lim", "limits"), ("up --metr", "--metrics"), ("completion ba", "bash"), *MORE):
        program = f"source {file}; complete -C 'warren {typed}'"
        fish = ["fish", "--no-config", "-c", program]
        done = subprocess.run(fish, capture_output=True, text=True, check=False, cwd=bench.folder)
        offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
        require(offered == [wanted], f"fish offers {offered} for {typed}: {done.stderr}")
