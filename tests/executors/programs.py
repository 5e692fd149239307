"""Hybrid-job scripts that behave well or badly; written into a source module by the executor suite."""

PROGRAMS = """
import json, os, random, subprocess, sys, time

import numpy
from braket.jobs import get_hyperparameters, get_job_name, save_job_result
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


if __name__ == "__main__":
    save_job_result({"as_script": True})
"""
