package nation

// schemaVersion changes whenever the tables or what is folded into them do.
const schemaVersion = 1

const metaTable = `CREATE TABLE IF NOT EXISTS n_meta (one SMALLINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL, under TEXT NOT NULL)`

// tables are all others.
var tables = []string{"n_origin", "n_crossing", "n_count", "n_entry", "n_list", "n_seat", "n_session", "n_late", "n_late_seen"}

// schema holds what is folded. An instant is in milliseconds since 1970, 0 for none. The numbers for words are those of the slices in codes.go.
//
//   - n_origin: how far each journal was folded. next is the seq of the next entry, paid that of the next payload; whoever folds changes the row first, under the condition that it is as he
//     read it. at is the instant of the last entry folded; odd counts entries that could not be understood.
//   - n_crossing: every inspection, whether it has ended or not. held says whether its payload was folded: 0 not yet, 1, or 2 it was erased.
//   - n_count: how many crossings were decided: all, and by nationality, in the grains of crossing.go.
//   - n_entry: entries that are few and that questions fold themselves: the register, passings of control, transfers, what posts are.
const schema = `
CREATE TABLE n_origin (
	id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, next BIGINT NOT NULL, paid BIGINT NOT NULL, at BIGINT NOT NULL, odd BIGINT NOT NULL,
	CHECK (0 <= paid AND paid <= next));
CREATE TABLE n_crossing (
	id BIGINT NOT NULL, opened BIGINT NOT NULL, ended BIGINT, seq BIGINT,
	person BIGINT, document BIGINT, stay BIGINT,
	origin INTEGER NOT NULL, hits INTEGER NOT NULL,
	direction SMALLINT NOT NULL, verdict SMALLINT NOT NULL, state SMALLINT NOT NULL, decision SMALLINT, asylum SMALLINT NOT NULL, held SMALLINT NOT NULL,
	lane TEXT NOT NULL, reason TEXT NOT NULL, authority TEXT NOT NULL, nationality TEXT NOT NULL,
	PRIMARY KEY (origin, id),
	CHECK ((state = 3) = (decision IS NOT NULL)), CHECK ((state >= 3) = (ended IS NOT NULL)),
	CHECK (held = 1 OR (person IS NULL AND document IS NULL AND stay IS NULL AND nationality = '')));
CREATE INDEX n_by_person ON n_crossing (person, ended) WHERE person IS NOT NULL;
CREATE INDEX n_by_document ON n_crossing (document, ended) WHERE document IS NOT NULL;
CREATE INDEX n_open ON n_crossing (origin, id) WHERE state < 3;
CREATE INDEX n_not_passed ON n_crossing (ended) WHERE decision IN (1, 2, 4);
CREATE INDEX n_by_day ON n_crossing (origin, ended) WHERE ended IS NOT NULL;
CREATE TABLE n_count (
	grain SMALLINT NOT NULL, slot BIGINT NOT NULL, origin INTEGER NOT NULL, direction SMALLINT NOT NULL, decision SMALLINT NOT NULL, nationality TEXT NOT NULL, n BIGINT NOT NULL,
	PRIMARY KEY (grain, slot, origin, direction, decision, nationality));
CREATE TABLE n_entry (
	origin INTEGER NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, article TEXT NOT NULL, public TEXT NOT NULL,
	PRIMARY KEY (origin, seq));
CREATE TABLE n_list (
	origin INTEGER NOT NULL, list TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, version TEXT NOT NULL, loaded BIGINT NOT NULL, alerts BIGINT NOT NULL, refused TEXT NOT NULL,
	PRIMARY KEY (origin, list));
CREATE TABLE n_seat (origin INTEGER NOT NULL, lane TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (origin, lane, authority));
CREATE TABLE n_session (origin INTEGER NOT NULL, hash TEXT NOT NULL, officer TEXT NOT NULL, authority TEXT NOT NULL, opened BIGINT NOT NULL, PRIMARY KEY (origin, hash));
CREATE TABLE n_late (
	origin INTEGER NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, inspection BIGINT NOT NULL, list TEXT NOT NULL, owner TEXT NOT NULL, hits BIGINT NOT NULL, seen SMALLINT NOT NULL,
	PRIMARY KEY (origin, seq));
CREATE INDEX n_late_unseen ON n_late (at) WHERE seen = 0;
CREATE TABLE n_late_seen (
	origin INTEGER NOT NULL, late BIGINT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT NOT NULL,
	PRIMARY KEY (origin, late, authority));
`
