#!/usr/bin/env bash
# What a release consists of: the zip of the app, its symbols, its bill of materials, the notes from the changelog. Usage: package.sh v1.2.3 folder
set -euo pipefail
version=${1:?the tag}
out=$(mkdir -p "${2:?the folder}" && cd "$2" && pwd)
cd "$(dirname "$0")/.."
if ! [[ "$version" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "'$version' is no version: v1.2.3 or v1.2.3-rc.1"
  exit 2
fi
name="cube-functions-$version"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.github/release-notes.sh "$version" > "$out/notes.md"
dotnet publish src/CubeFunctions --configuration Release --output "$work/app" -p:SymbolsFolder="$work/symbols/" -p:MinVerSkip=false
(cd "$work/app" && zip --quiet -X --recurse-paths "$out/$name.zip" .)
(cd "$work/symbols" && zip --quiet -X --recurse-paths "$out/$name.symbols.zip" .)
dotnet tool restore
dotnet CycloneDX src/CubeFunctions/CubeFunctions.csproj --output "$out" --filename "$name.sbom.json" --output-format Json --set-version "${version#v}" --exclude-dev
ls -l "$out"
