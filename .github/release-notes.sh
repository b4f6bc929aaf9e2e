#!/usr/bin/env bash
# The section of a version in the changelog; fails where there is none. A prerelease has that of its version. Usage: release-notes.sh v1.2.3
set -euo pipefail
version=${1:?the tag}
version=${version#v}
notes=$(awk -v heading="## ${version%%-*}" '/^## /{ on = ($0 == heading || index($0, heading " ") == 1) ; next } on' "$(dirname "$0")/../docs/changelog.md")
if [ -z "${notes//[[:space:]]/}" ]; then
  echo "docs/changelog.md says nothing of ${version%%-*}" >&2
  exit 1
fi
echo "$notes"
