#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: installs the course and bubblewrap.
# Ubuntu's Python can be too old for the course, so uv brings one, to where every user can read it.
set -euo pipefail
course="${LORA_COURSE_SOURCE:-/autograder/source/course}"
target="${LORA_COURSE_TARGET:-/opt/lora-course}"

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends bubblewrap ca-certificates python3-venv util-linux

python3 -m venv "$target/uv"
"$target/uv/bin/pip" install --quiet uv
uv="$target/uv/bin/uv"
export UV_PYTHON_INSTALL_DIR="$target/python" UV_CACHE_DIR="$target/cache"
"$uv" venv --python 3.11 "$target/venv"
export VIRTUAL_ENV="$target/venv"
# The same versions as the course is tested with; torch first, for the build without CUDA.
"$uv" pip install --no-deps -r "$course/requirements/torch-cpu.txt"
"$uv" pip install --no-deps -r "$course/requirements/lock.txt"
"$uv" pip install --no-deps "$course"
"$target/venv/bin/python" -m lora_course.interop.other_user  # closes the answers to other users
rm -rf "$target/cache"
