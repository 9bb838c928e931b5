/*
 * The transfer of control: two commanders, officers of both sides, one node that crashes, clocks that lie, a line that is cut.
 * README.md says how this corresponds to package transfer, law by law, and what it leaves out. make model checks it exhaustively.
 */

#ifndef RULE
#define RULE 0		/* what settles a doubt of the clock: 0 two sources of time, 1 the commanders alone */
#endif
#ifndef MAXV
#define MAXV 3		/* how many plans and instruments there can be, one after the other */
#endif

#define OUT 0		/* the outgoing authority */
#define IN 1		/* the incoming one */
#define THIRD 2

/* Phases. */
#define PLANNED 0
#define PREPARING 1
#define ARMED 2
#define EXECUTED 3
#define CLOSED 4
#define CANCELLED 5

/* Kinds of entry. */
#define E_OPENED 1
#define E_COUNTED 2
#define E_PRESENTED 3
#define E_ARMED 4
#define E_DISARMED 5
#define E_POSTPONED 6
#define E_REFUSED 7
#define E_CANCELLED 8
#define E_CLOCK 9
#define E_EXECUTED 10
#define E_DESTROYED 11
#define E_CLOSED 12
#define E_ACT 13	/* any act of an officer by the power of who controls the post */

#define AGREED 1	/* the article's instant */
#define UNI 2		/* from when the incoming authority may act alone */
#define LATER 3		/* another instant, to which a transfer can be postponed */
#define GRACE 1		/* by how much an instant may have gone by when a key is turned */
#define END 3		/* time stands still here */

/* What is folded from the journal. */
typedef Fold {
	byte phase;
	byte ver;		/* of the plan: what the digest is over */
	byte shown;		/* the version that is presented; 0 none */
	byte at;		/* the instant of the plan */
	byte key[2];		/* the version for which each side's key is turned; 0 not */
	bit alone;		/* the incoming one's was turned when it could be enough */
	bit counted[2];
	bit said[2];		/* that the instant has come */
	bit closing[2];		/* the act */
	bit gone;		/* what is to be destroyed is, and the journal says so */
	bit holds[2];		/* who controls the post, by the register */
}

Fold disk;		/* what the journal says */
Fold mem;		/* what the node has in memory: the fold, as far as it has folded */
bit up = 1;		/* the node runs */
bit busy;		/* committed and not folded yet: the one writer has its turn */
bit files = 1;		/* the outgoing authority's lists and hits lie on the disk */

byte T;			/* the true instant */
byte jnow;		/* the instant of the last entry: it never runs backwards */
byte liar;		/* which source of time lies: 0 none, 1 the node's clock, 2 the boot clock, 3 the network's */
byte lie;		/* what it shows */
bit dark;		/* the boot clock shows nothing: the machine was started again */
bit cut;		/* the line is cut: the network shows nothing, and nobody hears of anything */

/* What the entries say by themselves: the laws look at this and at nothing else. */
byte gshown, gkey[2], gexecuted;
bit galone, gsaid[2], gcancelled;
byte gat;

#define N (liar == 1 -> lie : T)
#define B (liar == 2 -> lie : T)
#define S (liar == 3 -> lie : T)
#define DOUBT (dark || cut || B != N || S != N)
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define NOW MAX(jnow, N)

/* Two sources that agree show the instant or a later one. */
#define TWO(a) ((!dark && B == N && N >= (a)) || (!cut && S == N && N >= (a)) || (!dark && !cut && B == S && B >= (a)))

/* transfer.State.Due. */
#define INSTANT(s) (s.key[OUT] == 0 -> MAX(s.at, UNI) : s.at)
#define BOTHSAID(s) (s.key[OUT] != 0 && s.said[OUT] && s.said[IN])
#define DUE(s) (s.phase == ARMED && ((!DOUBT && N >= INSTANT(s)) || (DOUBT && (BOTHSAID(s) || ((RULE == 0 || s.key[OUT] == 0) && TWO(INSTANT(s)))))))

#define OPEN(s) (s.phase == PREPARING || s.phase == ARMED)
#define ALONE (NOW >= UNI)

/* A step is let in when the node runs, has folded what it wrote, and has executed what is due. */
#define TURN (up && !busy && !DUE(mem))

/* The phase that the keys give: transfer.Transfer.armed. */
inline weigh() {
	if
	:: disk.key[IN] != 0 && (disk.key[OUT] != 0 || disk.alone) -> disk.phase = ARMED
	:: else -> disk.phase = PREPARING
	fi
}

/* The plan has changed: what was presented is void, and all keys fall. */
inline void_() {
	disk.shown = 0; disk.key[OUT] = 0; disk.key[IN] = 0; disk.alone = 0; disk.said[OUT] = 0; disk.said[IN] = 0; disk.phase = PREPARING
}

/* Every entry passes here. The laws are asserted of the entries, not of what the node believes. */
inline append(kind, by) {
	jnow = NOW;
	busy = 1;
#ifdef REACH
	assert(!(REACH));							/* for make model: what has to be possible, is */
#endif
	assert(kind == E_EXECUTED || !DUE(mem));				/* nothing comes before an execution that is due */
	assert(by != THIRD);							/* no third authority takes a step */
	assert(!gcancelled || kind == E_OPENED || kind == E_ACT);		/* cancelled is the end of it */
	assert(!gexecuted || kind >= E_DESTROYED);				/* nothing undoes executed, and there is one execution */
	assert(!gexecuted || kind != E_ACT || by == IN);			/* no act of the outgoing authority after it */
	assert(gexecuted || (kind != E_DESTROYED && kind != E_CLOSED));		/* and nothing of what follows it before it */
	assert(disk.holds[OUT] + disk.holds[IN] == 1);				/* exactly one controller at every entry */
	assert(kind != E_ACT || disk.holds[by]);				/* and it is the one that acts */
	assert(!gexecuted || (disk.phase >= EXECUTED && disk.phase != CANCELLED && disk.holds[IN]));	/* what was executed stays so, and who controls */
	if
	:: kind == E_OPENED || kind == E_POSTPONED || kind == E_COUNTED || kind == E_PRESENTED ->
		gshown = (kind == E_PRESENTED -> disk.ver : 0);
		gkey[OUT] = 0; gkey[IN] = 0; galone = 0; gsaid[OUT] = 0; gsaid[IN] = 0;
		gcancelled = 0; gat = disk.at
	:: kind == E_ARMED ->
		assert(disk.key[by] == gshown && gshown != 0);			/* a key is turned for what is presented, and for nothing else */
		gkey[by] = disk.key[by]; gsaid[OUT] = 0; gsaid[IN] = 0;
		if
		:: by == IN -> galone = (jnow >= UNI)
		:: else
		fi
	:: kind == E_DISARMED ->
		gkey[by] = 0; gsaid[OUT] = 0; gsaid[IN] = 0;
		if
		:: by == IN -> galone = 0
		:: else
		fi
	:: kind == E_CLOCK -> gsaid[by] = 1
	:: kind == E_CANCELLED -> gcancelled = 1; gshown = 0; gkey[OUT] = 0; gkey[IN] = 0; galone = 0; gsaid[OUT] = 0; gsaid[IN] = 0
	:: kind == E_EXECUTED ->
		/* With the keys that are needed, over one digest. */
		assert(gshown != 0 && gkey[IN] == gshown && (gkey[OUT] == gshown || (gkey[OUT] == 0 && galone)));
		/* Never early, though one of three sources lies, unless both sides signed that it is time. */
		assert((gkey[OUT] != 0 && gsaid[OUT] && gsaid[IN]) || (T >= gat && (gkey[OUT] != 0 || T >= UNI)));
		assert(disk.holds[IN] && !disk.holds[OUT]);
		gexecuted = 1
	:: kind == E_DESTROYED -> assert(!files)
	:: else
	fi
}

/* What a commander signs is whatever he saw at some time: any version that there has been, or will be. */
inline sees() {
	if
	:: d = 1
	:: d = 2
	:: d = 3
	fi
}

/* One commander. */
proctype Commander(byte s) {
	byte d;
end:	do
	:: atomic { TURN && (mem.phase == PLANNED || (mem.phase == CANCELLED && mem.ver < MAXV)) && AGREED >= NOW ->
		disk.ver++; disk.at = AGREED; disk.counted[OUT] = 0; disk.counted[IN] = 0; void_();
		append(E_OPENED, s) }

	:: atomic { TURN && OPEN(mem) && (!mem.counted[s] || (mem.shown != 0 && mem.ver < MAXV)) && !(s == OUT && ALONE && mem.shown != 0) ->
		if
		:: mem.shown != 0 && mem.ver < MAXV -> disk.ver++
		:: mem.shown == 0
		fi;
		disk.counted[s] = 1; void_();
		append(E_COUNTED, s) }

	:: atomic { TURN && OPEN(mem) && mem.shown == 0 && mem.counted[IN] && (mem.counted[OUT] || ALONE) && mem.at + GRACE >= NOW ->
		disk.shown = disk.ver;
		append(E_PRESENTED, s) }

	:: atomic { TURN && OPEN(mem) -> sees();
		if
		:: mem.shown != 0 && d == mem.shown && mem.at + GRACE >= NOW && (mem.key[s] == 0 || (s == IN && mem.phase == PREPARING && ALONE)) ->
			disk.key[s] = d;
			if
			:: s == IN -> disk.alone = ALONE
			:: else
			fi;
			weigh();
			append(E_ARMED, s);
			dark = 0
		:: else		/* refused */
		fi;
		d = 0 }

	:: atomic { TURN && OPEN(mem) && mem.key[s] != 0 ->
		disk.key[s] = 0; disk.said[OUT] = 0; disk.said[IN] = 0;
		if
		:: s == IN -> disk.alone = 0
		:: else
		fi;
		weigh();
		append(E_DISARMED, s) }

	:: atomic { TURN && OPEN(mem) && mem.ver < MAXV && !(s == OUT && ALONE) && (LATER + AGREED - mem.at) >= NOW ->
		disk.at = LATER + AGREED - mem.at; disk.ver++; void_();
		append(E_POSTPONED, s) }

	:: atomic { TURN && OPEN(mem) && mem.key[s] == 0 -> append(E_REFUSED, s) }

	:: atomic { TURN && OPEN(mem) && !(s == OUT && ALONE) ->
		void_(); disk.phase = CANCELLED;
		append(E_CANCELLED, s) }

	:: atomic { TURN && mem.phase == ARMED && DOUBT && mem.key[s] != 0 && mem.key[OUT] != 0 && !mem.said[s] ->
		disk.said[s] = 1;
		append(E_CLOCK, s) }

	:: atomic { TURN && mem.phase == EXECUTED && !mem.closing[s] ->
		disk.closing[s] = 1;
		if
		:: disk.closing[OUT] && disk.closing[IN] -> disk.phase = CLOSED
		:: else
		fi;
		append(E_CLOSED, s) }
	od
}

/* Officers of both sides, connected or not: the node asks who controls the post. */
proctype Officers() {
end:	do
	:: atomic { TURN && mem.holds[OUT] -> append(E_ACT, OUT) }
	:: atomic { TURN && mem.holds[IN] -> append(E_ACT, IN) }
	od
}

/* The node: it folds what it committed, executes what is due before anything else, and destroys afterwards, as often as it takes. */
proctype Node() {
end:	do
	:: d_step { up && busy ->
		mem.phase = disk.phase; mem.ver = disk.ver; mem.shown = disk.shown; mem.at = disk.at; mem.key[OUT] = disk.key[OUT]; mem.key[IN] = disk.key[IN]; mem.alone = disk.alone;
		mem.counted[OUT] = disk.counted[OUT]; mem.counted[IN] = disk.counted[IN]; 
		mem.said[OUT] = disk.said[OUT]; mem.said[IN] = disk.said[IN]; mem.closing[OUT] = disk.closing[OUT]; mem.closing[IN] = disk.closing[IN];
		mem.gone = disk.gone; mem.holds[OUT] = disk.holds[OUT]; mem.holds[IN] = disk.holds[IN];
		busy = 0 }
	:: atomic { up && !busy && DUE(mem) ->
		disk.phase = EXECUTED; disk.holds[OUT] = 0; disk.holds[IN] = 1;
		append(E_EXECUTED, IN) }
	:: atomic { up && !busy && mem.phase >= EXECUTED && mem.phase != CANCELLED && !mem.gone && files ->
		assert(gexecuted); files = 0 }
	:: atomic { TURN && mem.phase >= EXECUTED && mem.phase != CANCELLED && !mem.gone && !files ->
		disk.gone = 1;
		append(E_DESTROYED, IN) }
	od
}

/* The world: time goes on, clocks lie and come back, the line is cut, the machine falls and is started again. */
proctype World() {
end:	do
	:: T < END -> T++
	:: atomic { liar == 0 -> 
		if
		:: liar = 1
		:: liar = 2
		:: liar = 3
		fi;
		if
		:: lie = 0
		:: lie = UNI
		:: lie = LATER
		fi }
	:: atomic { liar != 0 -> liar = 0; lie = 0 }
	:: cut = !cut
	:: atomic { up -> up = 0; dark = 1;
		/* What was in memory is lost, in the middle of whatever it was. */
		mem.phase = PLANNED; mem.ver = 0; mem.shown = 0; mem.at = 0; mem.key[OUT] = 0; mem.key[IN] = 0; mem.alone = 0; mem.counted[OUT] = 0; mem.counted[IN] = 0;
		mem.said[OUT] = 0; mem.said[IN] = 0; mem.closing[OUT] = 0; mem.closing[IN] = 0; mem.gone = 0; mem.holds[OUT] = 0; mem.holds[IN] = 0;
		busy = 1 /* all of the journal is to be folded */ }
	:: !up -> up = 1
	od
}

init {
	atomic {
		disk.holds[OUT] = 1; mem.holds[OUT] = 1;
		run Commander(OUT); run Commander(IN); run Officers(); run Node(); run World()
	}
}

/* Armed, the instant come, no source lying, enough of them showing: control passes. */
#define COME (T >= disk.at && (disk.key[OUT] != 0 || T >= UNI))
#define SHOWING (((RULE == 0 || disk.key[OUT] == 0) && (!dark || !cut)) || (!dark && !cut))
ltl passes { (<> [] (up && disk.phase == ARMED && COME && liar == 0 && SHOWING)) -> (<> gexecuted) }

/* And what is to be destroyed is, whatever falls in between, when the node comes to rest. */
ltl destroys { (<> [] (up && !busy)) -> [] (gexecuted -> <> disk.gone) }
