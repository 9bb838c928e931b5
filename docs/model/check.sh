#!/bin/sh
# Checks docs/model/transfer.pml exhaustively, in the folder that is named. Fails when a law does not hold, when a search was cut short, or when what has to be possible is not.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/transfer.pml
mkdir -p "$1" && cd "$1"
make() { # the C compiler's flags; then spin's
	flags=$1; shift
	spin -a "$@" "$model" >spin.log || { cat spin.log; exit 1; }
	gcc $flags -w -DCOLLAPSE -DMEMLIM=4096 -o pan pan.c
}
run() { # what it is about; pan's flags
	echo "$1"
	./pan -m1000000 -w24 $2 >pan.log 2>&1 || true
	grep -E 'errors:|states, stored' pan.log || true
}
holds() {
	run "$1" "$2"
	if ! grep -q 'errors: 0' pan.log || grep -q 'max search depth\|out of memory\|reached -DMEMLIM' pan.log; then
		cat pan.log; echo "it does not hold, or was not searched to its end; ./pan -r in $1 shows how"; exit 1
	fi
}
for rule in 0 1; do
	make "-O2 -DSAFETY -DNOCLAIM" -DRULE=$rule
	holds "rule $rule: every assertion" ""
	make "-O2 -DNFAIR=3" -DRULE=$rule -DMAXV=2
	holds "rule $rule: armed, the instant come and enough sources sound, control passes" "-a -f -N passes"
done
make "-O2 -DNFAIR=3" -DMAXV=1
holds "what is to be destroyed is" "-a -f -N destroys"
possible() { # what; a condition at an entry
	make "-O0 -DSAFETY -DNOCLAIM" "-DREACH='$2'"
	run "possible: $1" ""
	if grep -q 'errors: 0' pan.log; then
		echo "it is not; the model says nothing"; exit 1
	fi
}
possible "closed by both, all destroyed" "disk.phase==CLOSED&&disk.gone"
possible "armed by one side alone" "gexecuted&&gkey[OUT]==0"
possible "before its instant by what both sides said" "gexecuted&&gkey[OUT]!=0&&T<gat"
possible "under a clock that jumped ahead, with two other sources" "kind==E_EXECUTED&&liar==1&&lie==LATER&&!gsaid[OUT]"
possible "after a cancelled one" "gexecuted&&disk.ver==3&&gcancelled==0"
