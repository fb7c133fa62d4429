#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make.sh DIR: makes the input PDFs anew, in DIR, from sources/, with the programs that README.md names.
set -euo pipefail

sources=$(cd "$(dirname "$0")/sources" && pwd)
mkdir -p "${1:?usage: make.sh DIR}"
cd "$1"
export SOURCE_DATE_EPOCH=1704067200 # 2024-01-01 00:00:00 UTC
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

/usr/bin/python3 "$sources/plot.py"
/usr/bin/python3 "$sources/page.py"
pdflatex -interaction=batchmode -output-directory="$work" "$sources/paper.tex" >/dev/null
cp "$work/paper.pdf" pdftex.pdf
gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -dCompatibilityLevel=1.4 -sOutputFile=ghostscript.pdf "$sources/notice.ps"
soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf --outdir "$work" \
    "$sources/letter.fodt" >/dev/null
cp "$work/letter.pdf" libreoffice.pdf
ls -l ./*.pdf
