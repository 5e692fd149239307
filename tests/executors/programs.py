"""Hybrid-job scripts that behave well or badly; written into a source module by the executor suite."""

PROGRAMS = """
import json, os, random, subprocess, sys, time

import numpy
from braket.jobs import (
    get_hyperparameters, get_job_name, load_job_checkpoint, save_job_checkpoint, save_job_result
)
from braket.jobs.metrics import log_metric


def well():
    log_metric(metric_name="loss", value=0.25, iteration_number=0)
    save_job_result({"hyperparameters": get_hyperparameters(), "name": get_job_name()})


def surroundings():
    variables = {key: value for key, value in os.environ.items() if key.startswith("AMZN_BRAKET")}
    save_job_result({
        "variables": variables, "cwd": os.getcwd(), "group": os.getpgrp() == os.getpid(),
        "threads": os.environ.get("OMP_NUM_THREADS"), "source_in_cwd": os.path.exists("programs.py"),
        "stdin": sys.stdin.read(),
    })


def draws():
    save_job_result({"numpy": numpy.random.random(), "random": random.random()})


def reads_input():
    folder = os.path.join(os.environ["AMZN_BRAKET_INPUT_DIR"], "hyperparameters")
    save_job_result({name: open(os.path.join(folder, name)).read() for name in os.listdir(folder)})


def reads_channels():
    root = os.environ["AMZN_BRAKET_INPUT_DIR"]
    save_job_result({
        os.path.relpath(os.path.join(folder, name), root): open(os.path.join(folder, name)).read()
        for folder, _, names in os.walk(root, followlinks=True) for name in names
    })


def goes_on_as_the_sdk_does():
    try:
        step = load_job_checkpoint(checkpoint_file_suffix="state")["step"]
    except FileNotFoundError:
        step = 0
    save_job_checkpoint({"step": step + 1}, checkpoint_file_suffix="state")
    save_job_checkpoint({"steps": step + 1})
    if step < 2:
        os._exit(3)
    save_job_result({"step": step, "steps": load_job_checkpoint()["steps"]})


def stops_half_way():
    with open(os.path.join(os.environ["AMZN_BRAKET_CHECKPOINT_DIR"], "step.txt"), "w") as file:
        file.write("17")
    raise RuntimeError("half way")


def goes_on():
    with open(os.path.join(os.environ["AMZN_BRAKET_CHECKPOINT_DIR"], "step.txt")) as file:
        save_job_result({"step": file.read()})


def raises():
    print("about to fail")
    raise RuntimeError("the circuit is too deep")


def exits():
    sys.exit(3)


def exits_with_text():
    sys.exit("no such angle")


def exits_well():
    save_job_result({"done": True})
    sys.exit()


def segfaults():
    import ctypes
    ctypes.string_at(0)


def hangs():
    time.sleep(600)


def eats_memory():
    hoard = []
    while True:
        hoard.append(bytearray(64 * 2**20))


def dies_as_if_out_of_memory():
    os.kill(os.getpid(), 9)


def leaves_a_process():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    save_job_result({"pid": child.pid})


def hangs_with_a_process():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    save_job_result({"pid": child.pid})
    time.sleep(600)


def changes_its_world():
    os.environ["LEFT_BEHIND"] = "yes"
    sys.modules["math"].pi = 3
    os.chdir("/")


def sees_a_clean_world():
    import math
    save_job_result({"left": os.environ.get("LEFT_BEHIND"), "pi": math.pi})


def writes_binary():
    sys.stdout.flush()
    os.write(1, bytes(range(256)))
    print("\\nMetrics - loss=1.5;")
    save_job_result({"ok": True})


def babbles():
    sys.stdout.flush()
    os.write(1, b"\\x1b[2J\\x1b]0;owned\\x07 \\xff\\xfe\\n" + b"no line break " * 100_000 + b"\\n")
    print("Metrics - timestamp=1.0; loss=nan; iteration_number=0;")
    print("Metrics - timestamp=2.0; loss=inf; iteration_number=1;")
    print("Metrics - timestamp=3.0; loss=0.5; iteration_number=2;")
    print("Metrics - timestamp=4.0; loss=0.2", end="", flush=True)
    save_job_result({"=cmd": "<script>alert(1)</script>", "nan": float("nan"), "big": 10**400})


def leaves_half_a_result():
    save_job_result({"value": 1.0})
    path = os.path.join(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "results.json")
    text = open(path).read()
    open(path, "w").write(text[: len(text) // 2])


def leaves_no_json():
    with open(os.path.join(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"], "results.json"), "wb") as file:
        file.write(bytes(range(256)))


def pickles_its_result():
    from braket.jobs_data import PersistedJobDataFormat
    save_job_result({"value": numpy.eye(2)}, PersistedJobDataFormat.PICKLED_V4)


if __name__ == "__main__":
    save_job_result({"as_script": True})
"""
