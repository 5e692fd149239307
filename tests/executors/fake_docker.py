"""The docker command as far as Braket's LocalQuantumJob uses it; a container is a folder.

The image's program does what `braket_container.py` does for a script: fetch it from S3, unpack it, run
its entry point (`sweeper/contract/hybrid_job.py`) with Braket's variables, whose paths lie below the
container's folder here.
"""

DOCKER = '''#!{python}
import io, os, shutil, subprocess, sys, tarfile, uuid
from pathlib import Path

ROOT = Path({root!r})
CONTRACT = {contract!r}

PROGRAM = """
import io, os, sys, tarfile
from importlib import util
import boto3
bucket, _, key = os.environ["AMZN_BRAKET_SCRIPT_S3_URI"].removeprefix("s3://").partition("/")
archive = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
code = os.path.join(os.environ["CONTAINER"], "code")
tarfile.open(fileobj=io.BytesIO(archive)).extractall(code, filter="data")
spec = util.spec_from_file_location("_hybrid_job_contract", os.environ["CONTRACT"])
hybrid_job = sys.modules[spec.name] = util.module_from_spec(spec)
spec.loader.exec_module(hybrid_job)
os.chdir(os.environ["CONTAINER"])
entry_point, failure = os.environ["AMZN_BRAKET_SCRIPT_ENTRY_POINT"], os.path.abspath("failure")
sys.exit(hybrid_job.run(entry_point, path=code, cwd=code, failure=failure))
"""


def inside(container, path):
    # The image links /opt/ml to /opt/braket.
    return ROOT / container / path.replace("/opt/ml", "/opt/braket", 1).lstrip("/")


def execute(words):
    names = []
    while words[0].startswith("-"):
        flag, value = words[:2]
        names += [value] if flag == "-e" else []
        words = words[2:]
    container, *command = words
    if command[:2] == ["mkdir", "-p"]:
        inside(container, command[2]).mkdir(parents=True, exist_ok=True)
    elif command == ["printenv", "SAGEMAKER_PROGRAM"]:
        print("braket_container.py")
    else:
        environment = {{k: v for k, v in os.environ.items() if not k.startswith("AMZN_")}}
        for name in names:
            value = os.environ[name]
            environment[name] = str(inside(container, value)) if value.startswith("/opt/") else value
        environment |= {{"CONTAINER": str(ROOT / container), "CONTRACT": CONTRACT}}
        sys.exit(subprocess.run([sys.executable, "-P", "-c", PROGRAM], env=environment).returncode)


def copy(source, target):
    if ":" in source:
        container, _, path = source.partition(":")
        source = inside(container, path)
        target = Path(target)
    else:
        container, _, path = target.partition(":")
        source, target = Path(source), inside(container, path)
        target.parent.mkdir(parents=True, exist_ok=True)
    if Path(source).is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


command, *words = sys.argv[1:]
if command == "version":
    print("27.0")
elif command == "images":
    print("f00dfeed")
elif command == "run":
    name = uuid.uuid4().hex
    (ROOT / name).mkdir(parents=True)
    print(name)
elif command == "exec":
    execute(words)
elif command == "cp":
    copy(*words)
elif command == "stop":
    shutil.rmtree(ROOT / words[0])
else:
    sys.exit("not known here: " + command)
'''
