#!/bin/sh
# Builds what a release consists of, in dist/: for each platform an archive with a static binary, the
# licence, an example configuration, the rules and the systemd unit; and the checksums of all.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
rm -rf dist && mkdir dist
for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	os=${platform%/*} arch=${platform#*/}
	name=ghostpair-$version.$os-$arch
	mkdir "dist/$name"
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath \
		-ldflags "-s -w -X github.com/prometheus/common/version.Version=$version" \
		-o "dist/$name/ghostpair" ./cmd/ghostpair
	cp LICENSE NOTICE examples/rules/ghostpair.rules.yml examples/systemd/ghostpair.service "dist/$name"
	cp examples/config/envoy.yml "dist/$name/ghostpair.yml"
	tar -C dist -czf "dist/$name.tar.gz" "$name"
	rm -r "dist/$name"
done
cd dist && sha256sum ./*.tar.gz >sha256sums.txt
