package api

import (
	"encoding/json"
	"reflect"

	"marz"
)

var problemType = reflect.TypeFor[Problem]()

// The types of answers. What a field means stands in its doc, which is in the OpenAPI document. Fields are added; none changes its meaning while the interface is v1.

// Node is what a node is.
type Node struct {
	Kind       string           `json:"kind" doc:"post or headquarters."`
	ID         string           `json:"id" doc:"The place, for example agarak; of a headquarters its authority."`
	Name       string           `json:"name" doc:"What people call it."`
	State      string           `json:"state,omitempty" doc:"On whose territory it stands: ICAO three-letter code."`
	Zone       string           `json:"zone,omitempty" doc:"IANA time zone of the place."`
	Origin     marz.Origin      `json:"origin" doc:"The name of its journal."`
	Key        string           `json:"key" doc:"The verifier key of its journal's heads (C2SP signed-note)."`
	Exercise   bool             `json:"exercise" doc:"Whether everything at this node is invented."`
	Controller marz.AuthorityID `json:"controller,omitempty" doc:"Which authority controls the place."`
	Under      marz.ArticleRef  `json:"under,omitempty" doc:"The article under which it does."`
	Policy     string           `json:"policy" doc:"Hex SHA-256 of the rules in force."`
	Now        marz.Instant     `json:"now" doc:"The node's time."`
}

// Client is what a node knows of the program that asks.
type Client struct {
	Fingerprint string       `json:"fingerprint" doc:"Hex SHA-256 of the public key of the certificate that was shown (SubjectPublicKeyInfo). A supervisor compares it and accepts it."`
	Accepted    []Acceptance `json:"accepted" doc:"By which authorities the program is accepted; empty: by none."`
}

// Acceptance is one authority's word that a program may act for it.
type Acceptance struct {
	Authority marz.AuthorityID `json:"authority" doc:"For whom the program acts."`
	Officer   marz.OfficerID   `json:"officer" doc:"Under which number it stands in entries."`
	Purpose   string           `json:"purpose" doc:"What for, in the supervisor's words."`
	Actions   []marz.Action    `json:"actions" doc:"For which actions it is accepted. An article has to give each to the authority as well."`
	Until     marz.Instant     `json:"until" doc:"When the acceptance ends, if nothing ends it before."`
	Entry     marz.Seq         `json:"entry" doc:"The entry that says so."`
}

// Head is a signed tree head.
type Head struct {
	Origin marz.Origin `json:"origin" doc:"The name of the journal."`
	Key    string      `json:"key" doc:"The verifier key."`
	Size   int64       `json:"size" doc:"How many entries it is over."`
	Root   string      `json:"root" doc:"The tree's hash, base64."`
	Note   string      `json:"note" doc:"The head as it is signed: C2SP tlog-checkpoint."`
}

// Entry is the public part of an entry of a journal.
type Entry struct {
	Seq       marz.Seq         `json:"seq" doc:"Its place, counted from 0."`
	At        marz.Instant     `json:"at" doc:"When. It never runs backwards."`
	Kind      string           `json:"kind" doc:"What happened: docs/spec/entries.md."`
	Officer   marz.OfficerID   `json:"officer,omitempty" doc:"Whose act it was, by service number; absent: the node's own."`
	Authority marz.AuthorityID `json:"authority" doc:"Which authority acted."`
	Under     marz.ArticleRef  `json:"under" doc:"The article that gave the power."`
	Policy    string           `json:"policy" doc:"Hex SHA-256 of the rules in force."`
	Public    json.RawMessage  `json:"public" doc:"What it says, by kind. Nothing personal stands in it."`
	Private   string           `json:"private,omitempty" doc:"Hex SHA-256 of salt and personal data, which lie beside the log; absent: there are none."`
}

// EntryPage is a part of a journal, rising.
type EntryPage struct {
	Entries []Entry `json:"entries" doc:"In order."`
	PageEnd
}

// PageEnd says how a list goes on.
type PageEnd struct {
	Next string `json:"next" doc:"The cursor of the next page. It stays good, also when nothing follows yet: ask again with it later."`
	More bool   `json:"more" doc:"Whether something follows now."`
}

// EntryBody is one entry with its bytes.
type EntryBody struct {
	Entry
	Body string `json:"body" doc:"The exact bytes, as they are hashed."`
	Leaf string `json:"leaf" doc:"The hash of its leaf (RFC 6962 §2.1), base64."`
}

// Lists are the lists of a node.
type Lists struct {
	Lists []List `json:"lists" doc:"Those that are configured and have hits here, and alerts that were adopted."`
}

// List is one list.
type List struct {
	ID      marz.ListID  `json:"id" doc:"Its name here."`
	Name    string       `json:"name" doc:"What people call it."`
	Owner   string       `json:"owner" doc:"Who publishes it."`
	Version string       `json:"version" doc:"Its version in force; empty: none is."`
	Alerts  int          `json:"alerts" doc:"How many alerts are in it."`
	Loaded  marz.Instant `json:"loaded,omitzero" doc:"From when its content is; absent: none is in force."`
	Age     int64        `json:"age_seconds" doc:"How old its content is, in seconds; -1: none is in force."`
	Refused string       `json:"refused,omitempty" doc:"Why the last refresh was refused; what was in force before still is."`
}

// Lanes are the lanes of a post.
type Lanes struct {
	Lanes []Lane `json:"lanes" doc:"In the post's order."`
}

// Lane is one lane.
type Lane struct {
	ID        marz.LaneID        `json:"id" doc:"Its name."`
	Direction marz.Direction     `json:"direction" doc:"In which direction travellers pass."`
	Flow      string             `json:"flow" doc:"persons or trucks."`
	Open      bool               `json:"open" doc:"Whether an officer sits there."`
	Seats     []marz.AuthorityID `json:"seats" doc:"Whose officers sit there."`
	Since     marz.Instant       `json:"since,omitzero" doc:"Since when."`
	Joint     bool               `json:"joint" doc:"Whether joint service is in force."`
	Under     marz.AuthorityID   `json:"under,omitempty" doc:"Who controls it, where that is another than who controls the post."`
	Case      *LaneCase          `json:"case,omitempty" doc:"The inspection that is open there."`
	Today     int                `json:"today" doc:"Crossings since midnight of the place."`
}

// LaneCase is an inspection as it is seen from outside.
type LaneCase struct {
	Opened  marz.Instant `json:"opened" doc:"Since when."`
	Verdict marz.Verdict `json:"verdict" doc:"What the checks advise."`
	Hits    int          `json:"hits" doc:"How many possible matches with alerts."`
}

// Counts are how many travellers there were.
type Counts struct {
	From   marz.Instant `json:"from" doc:"The first hour."`
	Until  marz.Instant `json:"until" doc:"Before which the last hour begins."`
	Counts []Count      `json:"counts" doc:"By hour, direction and decision, rising; where there was none, there is no row."`
}

// Count is how many of one hour.
type Count struct {
	Hour      marz.Instant   `json:"hour" doc:"When the hour begins, in UTC."`
	Direction marz.Direction `json:"direction" doc:"In which direction."`
	Decision  marz.Decision  `json:"decision" doc:"What was decided."`
	Crossings int            `json:"crossings" doc:"How many."`
}

// NationCounts is how many crossed at all posts of a nation, hour by hour.
type NationCounts struct {
	From   marz.Instant  `json:"from" doc:"The first hour."`
	Until  marz.Instant  `json:"until" doc:"Before which the last hour begins."`
	Counts []NationCount `json:"counts" doc:"By post, hour, direction and decision, rising; where there was none, there is no row."`
}

// NationCount is how many of one post and hour.
type NationCount struct {
	Origin    marz.Origin    `json:"origin" doc:"The post's journal."`
	Hour      marz.Instant   `json:"hour" doc:"When the hour begins, in UTC."`
	Direction marz.Direction `json:"direction" doc:"In which direction."`
	Decision  marz.Decision  `json:"decision" doc:"What was decided."`
	Crossings int            `json:"crossings" doc:"How many."`
}

// Nodes are the nodes whose journals a headquarters mirrors.
type Nodes struct {
	Nodes []MirroredNode `json:"nodes" doc:"In the order in which they were enrolled."`
}

// MirroredNode is how far the copy of a node's journal is.
type MirroredNode struct {
	Post     marz.PostID  `json:"post" doc:"Of which post it is."`
	Origin   marz.Origin  `json:"origin" doc:"The name of its journal."`
	Key      string       `json:"key" doc:"The verifier key of its journal's heads."`
	Entry    marz.Seq     `json:"entry" doc:"The entry that enrolled it."`
	Since    marz.Instant `json:"since" doc:"When it was enrolled."`
	Gone     marz.Instant `json:"gone,omitzero" doc:"When it was dismissed: nothing more is mirrored."`
	Size     int64        `json:"size" doc:"How many entries are held."`
	Coming   int64        `json:"coming" doc:"How many more are known to exist."`
	Newest   marz.Instant `json:"newest,omitzero" doc:"The instant of the newest entry that is held."`
	Cosigned marz.Instant `json:"cosigned,omitzero" doc:"When its head was cosigned last."`
	Evidence int          `json:"evidence" doc:"How many pieces of evidence stand against it."`
}

// Releases are what a headquarters has given out.
type Releases struct {
	Releases []Release `json:"releases" doc:"In the order in which they were given out."`
}

// Release is a version of a list that was given out.
type Release struct {
	Entry    marz.Seq      `json:"entry" doc:"The entry that says so."`
	At       marz.Instant  `json:"at" doc:"When."`
	List     string        `json:"list" doc:"Which list."`
	Version  string        `json:"version" doc:"Its version."`
	From     string        `json:"from,omitempty" doc:"Of changes: the version that they lead from."`
	Size     int64         `json:"size" doc:"Bytes of its file."`
	To       []marz.Origin `json:"to" doc:"The journals of the posts that have it; empty: all."`
	Recalled marz.Seq      `json:"recalled,omitempty" doc:"The entry that took it back."`
	Why      string        `json:"why,omitempty" doc:"Why it was taken back."`
}

// CrossingPage is a part of the crossings, in the order in which they were decided.
type CrossingPage struct {
	Crossings []Crossing `json:"crossings" doc:"In order."`
	PageEnd
}

// Crossing is one decided inspection, with nothing about the person.
type Crossing struct {
	ID        marz.InspectionID `json:"id" doc:"The inspection's number, by which its record is read."`
	Entry     marz.Seq          `json:"entry" doc:"The entry of the decision."`
	Opened    marz.Instant      `json:"opened" doc:"When the document was laid down."`
	Decided   marz.Instant      `json:"decided" doc:"When the officer decided."`
	Lane      marz.LaneID       `json:"lane" doc:"Where."`
	Direction marz.Direction    `json:"direction" doc:"In which direction."`
	Verdict   marz.Verdict      `json:"verdict" doc:"What the checks advised."`
	Hits      int               `json:"hits" doc:"How many possible matches with alerts."`
	Decision  marz.Decision     `json:"decision" doc:"What the officer decided."`
	Reason    string            `json:"reason,omitempty" doc:"The reason's code, where one was needed."`
	Authority marz.AuthorityID  `json:"authority" doc:"Whose officer decided."`
	Under     marz.ArticleRef   `json:"under" doc:"The article that gave the power."`
}

// Record is the record of a crossing, as far as articles open it.
type Record struct {
	Crossing
	Owners    []marz.AuthorityID `json:"owners" doc:"Whose record it is."`
	Person    *Person            `json:"person,omitempty" doc:"Who crossed, where the field identity is open."`
	Document  *Document          `json:"document,omitempty" doc:"With what document, where the field document is open."`
	Findings  []Finding          `json:"findings" doc:"What the checks found, gravest first, where the field findings is open."`
	Hit       []Hit              `json:"alerts" doc:"Possible matches, where the field hits is open."`
	Note      string             `json:"note,omitempty" doc:"What the officer wrote, where the field note is open."`
	ReadUnder marz.ArticleRef    `json:"read_under" doc:"The article under which it was read."`
	ReadEntry marz.Seq           `json:"read_entry" doc:"The entry that says so."`
}

// Person is who a document says that somebody is.
type Person struct {
	Primary     string `json:"primary" doc:"Primary identifier, most often the surname."`
	Secondary   string `json:"secondary" doc:"Secondary identifier, most often given names."`
	Nationality string `json:"nationality" doc:"ICAO code."`
	Birth       string `json:"birth" doc:"YYYY-MM-DD, with X for what is unknown."`
	Sex         string `json:"sex" doc:"M, F or X."`
}

// Document is a travel document.
type Document struct {
	Code   string `json:"code" doc:"The document's kind, as its zone has it."`
	Issuer string `json:"issuer" doc:"ICAO code."`
	Number string `json:"number" doc:"Its number."`
	Expiry string `json:"expiry" doc:"YYYY-MM-DD, with X for what is unknown."`
}

// Finding is one check's result (BSI TR-03135).
type Finding struct {
	Check  string       `json:"check" doc:"What was looked at."`
	Result marz.Result  `json:"result" doc:"What came of it."`
	Reason string       `json:"reason,omitempty" doc:"Why, in words."`
	Grave  marz.Verdict `json:"grave" doc:"The verdict that it leads to."`
	AsOf   marz.Instant `json:"as_of,omitzero" doc:"How old was what it looked at."`
}

// Hit is a possible match with an alert.
type Hit struct {
	List    marz.ListID  `json:"list" doc:"On which list."`
	Alert   marz.AlertID `json:"alert" doc:"Which alert."`
	Name    string       `json:"name" doc:"The name as the alert has it."`
	Why     string       `json:"why" doc:"Why the alert was made."`
	Score   float64      `json:"score" doc:"Points of evidence."`
	Reasons []string     `json:"reasons" doc:"What they are made of, in words."`
	Cleared bool         `json:"cleared" doc:"Whether the person was found not to be the one on the alert."`
}

// Register is the register as it stands at an instant.
type Register struct {
	At          marz.Instant `json:"at" doc:"For which instant."`
	Policy      string       `json:"policy" doc:"Hex SHA-256 of the rules in force now."`
	Agreements  []Agreement  `json:"agreements" doc:"All that are recorded."`
	Memberships []Membership `json:"memberships" doc:"Of states in blocs."`
	Obligations []Obligation `json:"obligations" doc:"Who owes what by when."`
	Control     []Holding    `json:"control" doc:"Who controls this place by the articles, in order of time; of a headquarters none."`
}

// Agreement is one agreement.
type Agreement struct {
	ID      string             `json:"id" doc:"Its name."`
	Title   string             `json:"title" doc:"Its title."`
	Parties []marz.AuthorityID `json:"parties" doc:"Who are its parties."`
	Signed  string             `json:"signed" doc:"The date, YYYY-MM-DD."`
	From    marz.Instant       `json:"from,omitzero" doc:"From when; absent: from its articles."`
	Until   marz.Instant       `json:"until,omitzero" doc:"Before when; absent: it has no end."`
	State   string             `json:"state" doc:"in force, suspended, withdrawn, not yet in force or ended."`
	Why     string             `json:"why,omitempty" doc:"By whom and since when it is suspended."`
	Count   int                `json:"articles" doc:"How many articles it has."`
	InForce int                `json:"in_force" doc:"How many of them are in force."`
	Entry   marz.Seq           `json:"entry" doc:"The entry that recorded it."`
}

// Membership is a state's standing in a bloc.
type Membership struct {
	Bloc   marz.BlocID  `json:"bloc" doc:"Which bloc."`
	State  string       `json:"state" doc:"Which state: ICAO code."`
	Status string       `json:"status" doc:"active, suspended, withdrawn, or none before the first word."`
	From   marz.Instant `json:"from,omitzero" doc:"Since when."`
}

// Obligation is what somebody owes.
type Obligation struct {
	Article marz.ArticleRef `json:"article" doc:"By which article."`
	Owes    string          `json:"owes" doc:"Who: an authority, a state or a bloc."`
	To      string          `json:"to" doc:"To whom."`
	What    string          `json:"what" doc:"What, in words."`
	Due     marz.Instant    `json:"due,omitzero" doc:"By when."`
	Status  string          `json:"status" doc:"pending, met, breached or waived."`
	Overdue bool            `json:"overdue" doc:"Whether it is due and not met."`
}

// Holding is the control of a place by one authority for a time.
type Holding struct {
	Authority marz.AuthorityID `json:"authority" doc:"Who."`
	Article   marz.ArticleRef  `json:"article" doc:"Under which article."`
	From      marz.Instant     `json:"from,omitzero" doc:"From when."`
	Until     marz.Instant     `json:"until,omitzero" doc:"Before when; absent: no end is agreed."`
}

// Transfers are the transfers of control of a node.
type Transfers struct {
	Transfers []Transfer `json:"transfers" doc:"In the order in which they were opened."`
}

// Transfer is how far a transfer of control has come.
type Transfer struct {
	ID       string             `json:"id" doc:"Its name."`
	Article  marz.ArticleRef    `json:"article" doc:"Which article plans it."`
	Place    marz.PlaceID       `json:"place" doc:"What passes."`
	Lanes    []marz.LaneID      `json:"lanes" doc:"Which lanes pass; empty: the whole place."`
	From     marz.AuthorityID   `json:"from" doc:"The outgoing authority."`
	To       marz.AuthorityID   `json:"to" doc:"The incoming one."`
	At       marz.Instant       `json:"at" doc:"When control is to pass."`
	Phase    string             `json:"phase" doc:"How far it has come."`
	Digest   string             `json:"digest,omitempty" doc:"Of the instrument that is presented."`
	Armed    []marz.AuthorityID `json:"armed" doc:"Whose keys are turned."`
	Executed marz.Instant       `json:"executed,omitzero" doc:"When control passed."`
	Entry    marz.Seq           `json:"entry,omitempty" doc:"The entry at which it did."`
}

// Health is how a node is.
type Health struct {
	Well    bool          `json:"well" doc:"Whether all that follows is."`
	Checks  []HealthCheck `json:"checks" doc:"What was looked at."`
	Mirrors []Mirror      `json:"mirrors" doc:"How far copies of the journal are."`
}

// HealthCheck is one thing that is looked at.
type HealthCheck struct {
	Name string `json:"name" doc:"journal, lists, disk, clock or mirrors; at a headquarters journal, database or mirrors."`
	Well bool   `json:"well" doc:"Whether it is as it should be."`
	Says string `json:"says" doc:"How it is, in words."`
}

// Mirror is how far a copy of the journal is.
type Mirror struct {
	Name     string       `json:"name" doc:"Which mirror."`
	Size     int64        `json:"size" doc:"How many entries it has cosigned."`
	Missing  int64        `json:"missing" doc:"How many of the journal it has not."`
	Cosigned marz.Instant `json:"cosigned,omitzero" doc:"When it cosigned last."`
	Seen     marz.Instant `json:"seen,omitzero" doc:"When it last answered."`
	Failing  marz.Instant `json:"failing,omitzero" doc:"Since when attempts fail."`
	Ended    bool         `json:"ended" doc:"Whether its feed has ended, as the articles say."`
}

// Recorded is which entries an act made.
type Recorded struct {
	Recorded []marz.Seq `json:"recorded" doc:"The entries, in order. What was known already made none."`
}

// Reloaded is that lists were read anew.
type Reloaded struct {
	Entry marz.Seq `json:"entry" doc:"The entry that says that the program asked for it. What became of each list stands in the entries after it and in the answer of lists."`
}
