#!/bin/sh
# Both commands of README.md on a Debian 12 with nothing but its base, made by debootstrap, and how long they take.
#
#   tests/install/bare_root.sh pip|debian FOLDER [packages]
#
# The first word says which LibTorch is taken. With `packages`, which needs Debian's, the Debian packages are made as well
# and installed in another root: first `kindred`, which runs the toy pipeline there, then `kindred-dev`, with which a
# generated plugin is built and tested.
# Needs root, debootstrap, 8 GB in FOLDER and a network. Where pip is to look for wheels and which certificates it
# is to trust are taken over from this machine (PIP_FIND_LINKS, /etc/ssl/certs).
set -eu
torch=${1:?pip or debian}
folder=${2:?a folder for the roots}
project=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$folder"

# A root with Debian's base, copied from one that is kept.
make_root() {
  [ -f "$folder/base/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$folder/base" "$mirror" >"$folder/debootstrap.log"
  [ -e "$1" ] || cp -a "$folder/base" "$1"
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  mkdir -p "$1/etc/ssl"
  [ -e "$1/etc/ssl/certs" ] || cp -aL /etc/ssl/certs "$1/etc/ssl/certs"
  mount --bind /proc "$1/proc"
  mount --bind /dev "$1/dev"
  mounted="$1/proc $1/dev $mounted"
}
mounted=""
trap 'for one in $mounted; do umount "$one"; done' EXIT

# Runs a command of the project in a root and prints its seconds.
timed() {
  root=$1; name=$2; shift 2
  start=$(date +%s)
  if ! chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    PIP_FIND_LINKS=/wheels PIP_CERT=/etc/ssl/certs/ca-certificates.crt KINDRED_TORCH="$choice" \
    sh -c "cd /src/kindred && $*" >"$folder/$torch.$name.log" 2>&1; then
    tail -n 30 "$folder/$torch.$name.log"
    echo "$name failed; all it said is in $folder/$torch.$name.log"
    exit 1
  fi
  echo "$torch: $name: $(($(date +%s) - start)) s"
}

case $torch in pip) choice=auto ;; debian) choice=debian ;; *) echo "pip or debian, not $torch"; exit 2 ;; esac
root="$folder/$torch"
make_root "$root"
mkdir -p "$root/src" "$root/wheels"
[ -z "${PIP_FIND_LINKS:-}" ] || cp -u "$PIP_FIND_LINKS"/torch-2.13.0*.whl "$root/wheels/"
[ -d "$root/src/kindred" ] || git clone --quiet "file://$project" "$root/src/kindred"
if [ -d "$project/../shared" ]; then
  mkdir -p "$root/src/shared"
  mount --bind "$project/../shared" "$root/src/shared"
  mounted="$root/src/shared $mounted"
fi
timed "$root" quickstart .ci/quickstart.sh --quiet
timed "$root" quickstart_again .ci/quickstart.sh --quiet
timed "$root" tests .ci/test.sh
tail -n 12 "$folder/$torch.tests.log"

[ "${3:-}" = packages ] || exit 0
timed "$root" packages ".ci/setup.sh dpkg-dev file && cd build/release && cpack"
clean="$folder/clean"
make_root "$clean"
mkdir -p "$clean/src/kindred"
cp "$root"/src/kindred/build/release/*.deb "$project/datasets/toy_cars/pipeline.json" "$clean/src/kindred/"
timed "$clean" install_kindred "apt-get update -qq && apt-get install -y -qq --no-install-recommends ./kindred_*.deb"
timed "$clean" run_installed "/opt/kindred/bin/host run pipeline.json --quiet --set train.epochs=3"
timed "$clean" install_kindred_dev "apt-get install -y -qq --no-install-recommends ./kindred-dev_*.deb"
timed "$clean" plugin_of_installed "/opt/kindred/bin/host new-plugin --kind loss --name my_loss my_loss \
  && cmake -S my_loss -B my_loss/build -DCMAKE_PREFIX_PATH=/opt/kindred && cmake --build my_loss/build \
  && ctest --test-dir my_loss/build --output-on-failure"
