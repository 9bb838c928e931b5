#!/bin/sh
# Makes web/assets/noto-*.woff2 from Debian's fonts-noto-core: one file for each script and weight. Needs python3-fonttools and python3-brotli.
# Usage: internal/fonts.sh [folder of the NotoSans*.ttf]
set -eu
from=${1:-/usr/share/fonts/truetype/noto}
to=$(dirname "$0")/../web/assets
subset() { # name, family, ranges: the ranges stand in marz.css as unicode-range too
	for weight in Regular Bold; do
		pyftsubset "$from/$2-$weight.ttf" --unicodes="$3" --flavor=woff2 --layout-features='*' --no-hinting --desubroutinize \
			--output-file="$to/noto-$1-$(echo $weight | tr RB rb).woff2"
	done
}
subset latin NotoSans 'U+0020-024F,U+02BC,U+02C6-02DD,U+2010-2027,U+2030-203A,U+20AC,U+2116,U+2122,U+2212'
subset cyrillic NotoSans 'U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116'
subset armenian NotoSansArmenian 'U+0531-058F'
subset georgian NotoSansGeorgian 'U+10A0-10FF'
subset arabic NotoSansArabic 'U+060C,U+061B,U+061F,U+0621-063A,U+0640-0655,U+0660-066D,U+0670-0671,U+067E,U+0686,U+0698,U+06A9,U+06AF,U+06C0-06C3,U+06CC,U+06D5,U+06F0-06F9,U+200C-200E,U+FDFC'
