package web_test

import (
	"fmt"
	"strings"

	"marz"
	"marz/web"
)

// pages are the names of all pages.
var pages = []string{"signin", "enrol", "home", "lane", "supervisor", "crossings", "journal", "entry", "officers", "readers", "mirrors", "programs", "retention", "person", "error", "map", "headquarters"}

// passport returns the zone of an invented traveller's passport, with true check digits (ICAO 9303-4 §4.2.2).
func passport(surname, given, number string) string {
	pad := func(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }
	cd := func(s string) string { return s + checkDigit(s) }
	two := cd(pad(number, 9)) + "IRN" + cd("860712") + "M" + cd("291103") + cd(pad("", 14))
	two += checkDigit(two[:10] + two[13:20] + two[21:43])
	return pad("P<IRN"+surname+"<<"+given, 44) + "\n" + two
}

var (
	ordinary = passport("HOSSEINI", "MARYAM<ZAHRA", "K48213377")
	second   = passport("KARAPETYAN", "ANI", "AR0412256")
	expired  = passport("EXPIRED", "DAVIT", "AM7731904")
	stopper  = passport("STOPPER", "RUBEN", "U12299045")
)

func sampleEntry(seq marz.Seq) web.Entry {
	return web.Entry{Seq: seq, At: midday - marz.Instant(1240-seq)*61e3, Kind: "inspection.decided", Officer: officer.ID, Authority: russia.ID, Under: "am-ru-1992/2",
		Public:  `{"decision":"admit","inspection":"i17","lane":"1","verdict":"clear"}`,
		Private: "5f1d0c6a9b3e4c70a55e8c2f9b1047d2c6d9f3e1b8a7450c93e2d4f6a8b1c0de"}
}

const sampleHead = "armenia/agarak\n1234\n9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE=\n\n— armenia/agarak 8RkXbqk5k0JxFfW0mHqv3G3S9cC0N5w1Qd8e2bM7aZ4y6P1tU0=\n"

// sampleBodies are the bodies of the pages, with what a page shows at its fullest.
var sampleBodies = map[string]any{
	"signin": web.SignInBody{Ended: "Control of Agarak passed to am-bg at 00:00 on 1 January 2025.", Exercise: []web.Officer{
		{ID: "am-bg/0101", Name: "Anahit Grigoryan", Role: marz.RoleSupervisor, Authority: armenia},
		{ID: "am-bg/0107", Name: "Tigran Sahakyan", Role: marz.RoleOfficer, Authority: armenia},
		officer,
	}},
	"enrol": web.EnrolBody{Code: "7QK2-M4XD-9RTB", Officer: web.Officer{ID: "am-bg/0107", Name: "Tigran Sahakyan", Role: marz.RoleOfficer, Authority: armenia}},
	"home": web.HomeBody{Lanes: []web.Lane{
		{ID: "1", Direction: marz.EntryDirection, Flow: "persons", Open: true, Officer: officer.ID, Since: midday - 3600e3},
		{ID: "2", Direction: marz.EntryDirection, Flow: "persons"},
		{ID: "3", Direction: marz.ExitDirection, Flow: "persons", Open: true, Officer: "ru-bg/0111", Since: midday - 3600e3},
		{ID: "t1", Direction: marz.ExitDirection, Flow: "trucks"},
		{ID: "5", Direction: marz.ExitDirection, Flow: "persons", Open: true, Officer: tigran.ID, Joint: true, Seats: []web.Seat{{Authority: armenia.ID, Officer: tigran.ID}}},
	}},
	"lane": web.LaneBody{Lane: web.Lane{ID: "1", Direction: marz.EntryDirection, Flow: "persons", Open: true, Officer: officer.ID}, Lists: sources, Reasons: coded,
		Withdraw: withdrawals, Decisions: marz.Decisions(marz.EntryDirection)},
	"supervisor": web.SupervisorBody{Supervises: true, Answer: answering, Clear: clearing, Revoke: revoking, Read: reading, Cleared: []web.ClearedRow{
		{Seq: 1207, At: midday - 1800e3, By: officer.ID, Inspection: "1201", List: "marz-fictional"},
		{Seq: 1102, At: midday - 7200e3, By: "ru-bg/0111", Inspection: "1097", List: "ofac-sdn", Ended: midday - 600e3, Why: "revoked by ru-bg/0102, entry 1219"},
	}},
	"crossings": web.CrossingsBody{Reasons: reading, Older: 1100, Totals: map[marz.Decision]int{marz.Admit: 412, marz.Refuse: 3, marz.Refer: 7, marz.Depart: 388, marz.Hold: 1}, Rows: []web.Crossing{
		{ID: "i19", Seq: 1233, At: midday - 60e3, Lane: "1", Direction: marz.EntryDirection, Verdict: marz.Clear, Decision: marz.Admit, Officer: officer.ID, Authority: russia.ID, Under: "am-ru-1992/2", Seconds: 6.42},
		{ID: "i18", Seq: 1230, At: midday - 140e3, Lane: "2", Direction: marz.EntryDirection, Verdict: marz.Stop, Hits: 2, Decision: marz.Refuse, Reason: "H", Officer: "ru-bg/0111", Authority: russia.ID, Under: "am-ru-1992/2", Seconds: 74.1},
		{ID: "i17", Seq: 1228, At: midday - 201e3, Lane: "4", Direction: marz.ExitDirection, Verdict: marz.Attention, Decision: marz.Depart, Reason: "order", Officer: "ru-bg/0111", Authority: russia.ID, Under: "am-ru-1992/2", Seconds: 21},
	}},
	"journal": web.JournalBody{Origin: "armenia/agarak", VerifierKey: "armenia/agarak+f119176e+AQ3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX", Head: sampleHead, Size: 1234,
		Root: "9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE=", Entries: []web.Entry{sampleEntry(1233), sampleEntry(1232), sampleEntry(1231), sampleEntry(1230)}, From: 1230, Older: 1210, Newer: -1},
	"entry": web.EntryBody{Entry: sampleEntry(1230), Body: `{"v":1,"seq":1230,"at":"2024-12-31T19:02:07.000Z","origin":"armenia/agarak","kind":"inspection.decided","officer":"ru-bg/0102","authority":"ru-bg","under":"am-ru-1992/2","policy":"c09f","public":{"decision":"admit"},"private":"5f1d0c6a"}`,
		Leaf: "Zq0cJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE9qTzvC0=", Size: 1234, Root: "9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE=",
		Proof: []string{"mB0kE9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3=", "S0dQ1wX3zjQ1aH3mB0kE9qTzvC0pxLkKJ7c2N0rYgYq="}},
	"readers": web.ReadersBody{Own: "ru-bg", Listens: ":8445", Lanes: []marz.LaneID{"1", "2"}, Readers: []web.ReaderRow{
		{Key: strings.Repeat("3f9a", 16), Lane: "1", State: "ready", At: midday, By: "ru-bg/0101"},
		{Key: strings.Repeat("04c7", 16), State: "ready", Asks: true, Others: []marz.AuthorityID{"am-bg"}}}},
	"mirrors": web.MirrorsBody{Size: 48213, Mirrors: []web.MirrorRow{
		{Name: "am-bg/mirror", Authority: "am-bg", Address: "https://hq.am-bg.example:8444/mirror", State: web.MirrorBehind, Under: "am-ru-1992/3", Size: 48001, Goal: 48213, Missing: 212, Age: "14 minutes",
			Last: midday - 14*60e3, Seen: midday - 13*60e3, Failing: midday - 13*60e3, Error: "reach mirror am-bg/mirror: it does not answer: dial tcp 192.0.2.7:8444: connect: no route to host", Payloads: 48001, Copies: []marz.ArticleRef{"joint-archive/1"}},
		{Name: "ru-bg/mirror", Authority: "ru-bg", Address: "https://hq.ru-bg.example:8444/mirror", State: web.MirrorWhole, Under: "am-ru-1992/2", Size: 48213, Goal: 48213, Last: midday - 2e3, Seen: midday - 2e3, Payloads: 48213},
		{Name: "ru-bg/old", Authority: "ru-bg", Address: "https://old.ru-bg.example:8444/mirror", State: web.MirrorEnded, Size: 20112, Goal: 20112, Last: midday - 86400e3, Seen: midday - 60e3, Ended: 20111, Payloads: 20112},
		{Name: "ge-bg/mirror", Authority: "ge-bg", Address: "https://hq.ge-bg.example:8444/mirror", State: web.MirrorClosed}}},
	"programs": web.ProgramsBody{Own: "ru-bg", Listens: ":8446", MostDays: 730, Choices: []marz.Action{"read-record", "manage-lists"}, Programs: []web.ProgramRow{
		{Key: strings.Repeat("5d1e", 16), Officer: "ru-bg/program-5d1e5d1e", Purpose: "Counts for the ministry's board", Actions: []marz.Action{"read-journal"}, At: midday, By: "ru-bg/0101", Until: midday + 365*86400e3},
		{Key: strings.Repeat("a08b", 16), Officer: "ru-bg/program-a08ba08b", Purpose: "Case files of the second line", Actions: []marz.Action{"read-journal", "read-record", "manage-lists"}, At: midday - 400*86400e3, By: "ru-bg/0101", Until: midday - 35*86400e3, Ended: true}}},
	"officers": web.OfficersBody{Own: "ru-bg", First: []marz.AuthorityID{"am-bg"}, Officers: []web.OfficerRow{
		{Officer: officer, Passkeys: 2, SignedIn: true, Enrolled: midday - 80*86400e3},
		{Officer: web.Officer{ID: "ru-bg/0111", Name: "Oleg Antonov", Role: marz.RoleOfficer, Authority: russia}, Passkeys: 1, Enrolled: midday - 40*86400e3},
		{Officer: web.Officer{ID: "ru-bg/0112", Name: "Irina Belova", Role: marz.RoleOfficer, Authority: russia}},
	}},
	"retention": sampleRetention,
	"person":    web.PersonBody{Own: "ru-bg", Reasons: reading, Kinds: []web.Reason{{Code: "correction", Text: "The person says that something is wrong"}}},
	"map":       sampleMap,
	"headquarters": web.HeadquartersBody{Origin: "armenia/ru-bg-hq", VerifierKey: "armenia/ru-bg-hq+1c9ae3b2+AQ3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX", MirrorKey: "armenia/ru-bg-hq+77ab01cd+BA3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX",
		Size: 42, Root: "9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE=", At: midday, Nodes: []web.MirroredNode{
			{Post: "agarak", Name: "Agarak", Origin: "armenia/agarak", Key: "armenia/agarak+f119176e+AQ3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX", Entry: 12, Since: midday - 40*86400e3, Held: 1234, Payloads: 1230, Newest: midday - 60e3, Cosigned: midday - 58e3},
			{Post: "meghri", Name: "Meghri", Origin: "armenia/meghri", Entry: 13, Since: midday - 40*86400e3, Held: 80_211, Coming: 412, Payloads: 80_000, Newest: midday - 3*86400e3, Cosigned: midday - 30e3},
			{Post: "gyumri", Name: "Gyumri", Origin: "armenia/gyumri", Entry: 14, Since: midday - 3600e3},
			{Post: "bavra", Name: "Bavra", Origin: "armenia/bavra", Key: "armenia/bavra+0a1b2c3d+AQ3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX", Entry: 15, Since: midday - 86400e3, Gone: midday - 3600e3, Held: 900, Payloads: 900, Newest: midday - 7200e3, Cosigned: midday - 7190e3, Evidence: []web.Evidence{
				{Kind: "fork", At: midday - 7000e3, Held: sampleHead, Given: strings.Replace(sampleHead, "9qTz", "Zz0q", 1), Proven: true, File: "/evidence/15/fork/0"},
				{Kind: "payload", At: midday - 6000e3, Seq: 611, Digest: strings.Repeat("5f1d", 16), Got: strings.Repeat("0c6a", 16), From: strings.Repeat("3f9a", 16), File: "/evidence/15/payload/0"},
			}},
			{Post: "yeraskh", Name: "Yeraskh", Origin: "armenia/yeraskh", Entry: 16, Since: midday - 86400e3, Gone: midday - 3600e3, Held: 12, Payloads: 12, Newest: midday - 7200e3, Cosigned: midday - 7190e3},
		}},
	"error": web.ErrorBody{Status: 403, Message: "Read record i18: no article in force at this post allows am-bg to read it. Ask the authority in control."},
}

// samplePage returns a full model of a page, or nil when there is none of that name.
func samplePage(name string) *web.Page {
	body, ok := sampleBodies[name]
	if !ok {
		return nil
	}
	next := handing
	p := &web.Page{Title: strings.ToUpper(name[:1]) + name[1:], Post: marz.Post{ID: "agarak", Name: "Agarak"}, Exercise: true, Officer: &officer, Controller: russia,
		Article: "am-ru-1992/2", Since: instant("1992-09-30T00:00:00+03:00"), Next: &next, Now: midday, Zone: "Asia/Yerevan", Path: "/" + name, Body: body}
	p.Ages = &web.Ages{HQs: heads, Lists: sources}
	switch name {
	case "mirrors":
		p.Behind = "the mirror of am-bg is behind: 14 minutes"
	case "lane":
		p.Path = "/lane/1"
	case "signin", "enrol":
		p.Officer, p.Ages = nil, nil
	case "headquarters":
		p.Ages = nil
		p.Path, p.Headquarters, p.Controller, p.Article, p.Since, p.Next = "/", russia, marz.Authority{}, "", 0, nil
	}
	return p
}

// hostile is a name that would break a page which believed it.
const hostile = `</script><script>alert(1)</script>"' onmouseover=alert(1) {{.}} &lt;`

// hostilePage returns the model of a page with a hostile name wherever it takes text.
func hostilePage(name string) *web.Page {
	p := samplePage(name)
	who := web.Officer{ID: hostile, Name: hostile, Role: hostile, Authority: marz.Authority{ID: hostile, Name: hostile}}
	p.Title, p.Post.Name, p.Controller, p.Article, p.Zone = hostile, hostile, who.Authority, hostile, hostile
	if p.Officer != nil {
		p.Officer = &who
		p.Ages = &web.Ages{HQs: []web.HQState{{Authority: hostile, Origin: hostile, Refused: hostile, Size: 1}}, Lists: []web.ListState{{Name: hostile, Refused: hostile}}}
	}
	lane := web.Lane{ID: hostile, Direction: hostile, Flow: hostile, Officer: hostile, Open: true, Joint: true, Seats: []web.Seat{{Authority: hostile, Officer: hostile}}}
	entry := web.Entry{Kind: hostile, Officer: hostile, Authority: hostile, Under: hostile, Public: hostile, Private: hostile}
	switch name {
	case "register", "agreement", "timeline", "lookups", "sections":
		p.Body = hostileRegister[name]
	case "transfer", "act", "shift":
		p.Body = hostileTransfer[name]
	case "nation", "postday", "history", "search":
		p.Body = hostileNation(name)
	case "signin":
		p.Body = web.SignInBody{Exercise: []web.Officer{who}, Ended: hostile}
	case "enrol":
		p.Body = web.EnrolBody{Code: hostile, Officer: who}
	case "home":
		p.Body = web.HomeBody{Lanes: []web.Lane{lane}}
	case "lane":
		p.Body = web.LaneBody{Lane: lane, Lists: []web.ListState{{ID: hostile, Name: hostile}}, Reasons: map[marz.Decision][]web.Reason{hostile: {{Code: hostile, Text: hostile}}}}
	case "crossings":
		p.Body = web.CrossingsBody{Rows: []web.Crossing{{ID: hostile, Lane: hostile, Verdict: hostile, Decision: hostile, Reason: hostile, Officer: hostile, Under: hostile}}}
	case "journal":
		p.Body = web.JournalBody{Origin: hostile, VerifierKey: hostile, Head: hostile, Entries: []web.Entry{entry}}
	case "entry":
		p.Body = web.EntryBody{Entry: entry, Body: hostile, Leaf: hostile, Proof: []string{hostile}}
	case "readers":
		p.Body = web.ReadersBody{Own: hostile, Lanes: []marz.LaneID{hostile}, Readers: []web.ReaderRow{{Key: hostile, Lane: hostile, State: hostile, By: hostile}, {Key: hostile, Asks: true, Others: []marz.AuthorityID{hostile}}}}
	case "mirrors":
		p.Behind = hostile
		p.Body = web.MirrorsBody{Mirrors: []web.MirrorRow{{Name: hostile, Authority: hostile, Address: hostile, State: hostile, Under: hostile, Age: hostile, Missing: 2, Failing: 1, Error: hostile, Copies: []marz.ArticleRef{hostile}}}}
	case "retention":
		p.Body = hostileRetention
	case "person":
		p.Body = web.PersonBody{Own: hostile, Reasons: []web.Reason{{Code: hostile, Text: hostile}}, Kinds: []web.Reason{{Code: hostile, Text: hostile}}}
	case "programs":
		p.Body = web.ProgramsBody{Own: hostile, Listens: hostile, Programs: []web.ProgramRow{{Key: hostile, Officer: hostile, Purpose: hostile, Actions: []marz.Action{hostile}, By: hostile, Ended: true}}}
	case "officers":
		p.Body = web.OfficersBody{Own: hostile, Officers: []web.OfficerRow{{Officer: who}}, Invited: &web.Invitation{Officer: hostile, Link: hostile}}
	case "supervisor":
		p.Body = web.SupervisorBody{Supervises: true, Answer: []web.Reason{{Code: hostile, Text: hostile}}, Cleared: []web.ClearedRow{{By: hostile, Inspection: hostile, List: hostile, Ended: 1, Why: hostile}}}
	case "headquarters":
		p.Headquarters = who.Authority
		p.Body = web.HeadquartersBody{Origin: hostile, VerifierKey: hostile, MirrorKey: hostile, Root: hostile, Nodes: []web.MirroredNode{{Post: hostile, Name: hostile, Origin: hostile, Key: hostile,
			Evidence: []web.Evidence{{Kind: "fork", Held: hostile, Given: hostile, File: hostile}, {Kind: hostile, Digest: hostile, Got: hostile, From: hostile, File: hostile}}}}}
	case "map":
		p.Body = hostileMap()
	case "error":
		p.Body = web.ErrorBody{Message: fmt.Sprint(hostile)}
	}
	return p
}

// What can be given for answering for a late hit, for clearing a namesake, and for taking a clearance back.
var (
	answering = []web.Reason{{Code: "owner-told", Text: "The owner of the alert was told"}}
	clearing  = []web.Reason{{Code: "second-line", Text: "Second line found that it is another person"}}
	revoking  = []web.Reason{{Code: "owner-asks", Text: "The owner of the alert asks"}}
)

// withdrawals are what can be given for ending an inspection without a decision.
var withdrawals = []web.Reason{{Code: "scanned-by-mistake", Text: "Scanned by mistake"}, {Code: "wrong-lane", Text: "Wrong lane or direction"}}
