package api

import "marz"

// This file is the table of operations. A node takes those that it has, and gives each what answers it.

var pageParams = []Param{
	{"cursor", "query", "string", false, "next of an earlier page; none: from the beginning."},
	{"limit", "query", "integer", false, "How many rows at most: 1 to 1000; none: 100."},
}

// GetNode says what the node is.
func GetNode[C any](do func(*Request[C]) (Node, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/node", Name: "node", Summary: "What this node is", Action: marz.ActReadJournal,
		Doc: "The place, its journal's name and key, and who controls it."}, do)
}

// GetClient says to a program what the node knows of it.
func GetClient[C any](do func(*Request[C]) (Client, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/client", Name: "client", Summary: "What the node knows of the program that asks",
		Doc: "The fingerprint of its key, which a supervisor compares before accepting it, and for what it is accepted."}, do)
}

// GetHead gives the newest head of the journal.
func GetHead[C any](do func(*Request[C]) (Head, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/journal/head", Name: "head", Summary: "The newest signed head of the journal", Action: marz.ActReadJournal,
		Doc: "The head that is over all entries that are committed."}, do)
}

// GetEntries gives entries of the journal.
func GetEntries[C any](do func(*Request[C]) (EntryPage, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/journal/entries", Name: "entries", Summary: "Entries of the journal, from the first on", Action: marz.ActReadJournal, Params: pageParams,
		Doc: "Public parts alone. The cursor of a page stays good while entries are appended: whoever goes on from it gets every entry once."}, do)
}

// GetEntry gives one entry with its bytes.
func GetEntry[C any](do func(*Request[C]) (EntryBody, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/journal/entries/{seq}", Name: "entry", Summary: "One entry with its exact bytes", Action: marz.ActReadJournal, Params: []Param{seqParam},
		Doc: "The public part of one entry, and the bytes that are hashed."}, do)
}

var seqParam = Param{"seq", "path", "integer", true, "The entry's place, counted from 0."}

// GetProof proves that an entry is in the journal.
func GetProof[C any](do func(*Request[C]) (Text, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/journal/entries/{seq}/proof", Name: "proof", Summary: "The proof that an entry is in the journal", Action: marz.ActReadJournal, Params: []Param{seqParam},
		Gives: "text/plain; charset=utf-8", Doc: "A file of its own, with the newest head (C2SP tlog-proof). With the entry's bytes and the node's key other people's tools can check it."}, do)
}

// OfAnyJournal lets an operation of the journal be asked of a journal that is mirrored at the node, too.
func OfAnyJournal[C any](rt Route[C]) Route[C] {
	rt.Params = append(rt.Params[:len(rt.Params):len(rt.Params)], Param{"origin", "query", "string", false, "Of which journal, by its name as nodes lists it; none: the node's own. Of another the program's authority needs read-journal at its post."})
	return rt
}

// GetNodes says how far a headquarters' mirrors are.
func GetNodes[C any](do func(*Request[C]) (Nodes, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/nodes", Name: "nodes", Summary: "The nodes whose journals are mirrored, and how far", Action: marz.ActReadJournal,
		Doc: "Every node that was ever enrolled, what is held of its journal, and whether something stands against it."}, do)
}

// GetNationCounts counts the crossings of all posts.
func GetNationCounts[C any](do func(*Request[C]) (NationCounts, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/nation/counts", Name: "nationCounts", Summary: "How many crossed, by post, hour and decision", Action: marz.ActReadJournal, Params: hourParams,
		Doc: "Of the posts at which the program's authority has read-journal now, as far as their journals are mirrored. Hours begin on the hour in UTC. Nothing about a person."}, do)
}

// GetReleases says what a headquarters has given out.
func GetReleases[C any](do func(*Request[C]) (Releases, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/releases", Name: "releases", Summary: "The versions of lists that were given out to posts", Action: marz.ActReadJournal,
		Doc: "What was published, to whom, and what was taken back. No alert is given out, and no officer is told of."}, do)
}

var hourParams = []Param{{"from", "query", "date-time", false, "The first hour, with its offset; none: 24 hours before until."}, {"until", "query", "date-time", false, "Before which the last hour begins; none: now. At most 31 days after from."}}

// GetLists gives the lists in force.
func GetLists[C any](do func(*Request[C]) (Lists, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/lists", Name: "lists", Summary: "The lists in force, with their age", Action: marz.ActReadJournal,
		Doc: "What travellers are screened against. No alert is given out."}, do)
}

// ReloadLists has all lists read anew.
func ReloadLists[C any](do func(*Request[C]) (Reloaded, error)) Route[C] {
	return answers(Route[C]{Method: "POST", Path: "/lists/reload", Name: "reloadLists", Summary: "Read all lists anew from their sources", Action: marz.ActManageLists, Acts: true,
		Doc: "As a supervisor does it: a list that cannot be read is refused whole and the one before stays in force. The answer comes when all were read."}, do)
}

// GetLanes gives the lanes and their state.
func GetLanes[C any](do func(*Request[C]) (Lanes, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/lanes", Name: "lanes", Summary: "The lanes and their state", Action: marz.ActReadJournal,
		Doc: "Who sits where by authority, and the verdict of the case that is open. Nothing about a person, and no officer's number."}, do)
}

// GetCounts counts crossings.
func GetCounts[C any](do func(*Request[C]) (Counts, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/counts", Name: "counts", Summary: "How many crossed, by hour and decision", Action: marz.ActReadJournal,
		Params: hourParams,
		Doc:    "Hours begin on the hour in UTC. Nothing about a person."}, do)
}

// GetCrossings gives decided inspections without anything about the person.
func GetCrossings[C any](do func(*Request[C]) (CrossingPage, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/crossings", Name: "crossings", Summary: "Crossings, in the order in which they were decided", Action: marz.ActReadJournal, Params: pageParams,
		Doc: "Nothing about a person."}, do)
}

// GetRecord gives the record of a crossing.
func GetRecord[C any](do func(*Request[C]) (Record, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/crossings/{id}/record", Name: "record", Summary: "The record of one crossing", Action: marz.ActReadRecord, Reads: true,
		Params: []Param{{"id", "path", "string", true, "The inspection's number."}},
		Doc:    "Every reading is an entry with its reason, committed before the answer; whose record it is sees it. Records are read one at a time: there is no search by name."}, do)
}

// GetRegister gives the register at an instant.
func GetRegister[C any](do func(*Request[C]) (Register, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/register", Name: "register", Summary: "Agreements, memberships and obligations", Action: marz.ActReadJournal,
		Params: []Param{{"at", "query", "date-time", false, "For which instant, with its offset; none: now."}},
		Doc:    "As the node knows it now."}, do)
}

// AddInstruments records what parties signed.
func AddInstruments[C any](do func(*Request[C]) (Recorded, error)) Route[C] {
	return answers(Route[C]{Method: "POST", Path: "/register/instruments", Name: "addInstruments", Summary: "Bring signed instruments", Action: marz.ActReadJournal, Acts: true, Takes: "application/json", Limit: 1 << 20,
		Doc: "A file of signed agreements, statements, reports and commissions (docs/spec/register.md), all or none of which are recorded. Their signatures are their authority: who brings them changes nothing."}, do)
}

// GetTransfers says how far transfers of control have come.
func GetTransfers[C any](do func(*Request[C]) (Transfers, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/transfers", Name: "transfers", Summary: "Transfers of control", Action: marz.ActReadJournal,
		Doc: "How far each has come. No step of one is taken by a program."}, do)
}

// GetHealth says how the node is.
func GetHealth[C any](do func(*Request[C]) (Health, error)) Route[C] {
	return answers(Route[C]{Method: "GET", Path: "/health", Name: "health", Summary: "How the node and its mirrors are", Action: marz.ActReadJournal,
		Doc: "The same as /healthz, which answers also when the journal has failed. For monitoring there is /metrics."}, do)
}
