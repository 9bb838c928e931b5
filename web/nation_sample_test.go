package web_test

import (
	"maps"

	"marz"
	"marz/transfer"
	"marz/web"
)

// The pages of a headquarters, with all that they can show.
func init() {
	pages = append(pages, "nation", "postday", "history", "search")
	maps.Copy(sampleBodies, nationBodies)
}

var nationCases = []web.NationCase{
	{Origin: "armenia/agarak", Post: "Agarak", ID: "1228", Lane: "2", Direction: marz.EntryDirection, Verdict: marz.Stop, Hits: 2, Decision: marz.Refer, Reason: "cannot-tell", Authority: armenia.ID, Nationality: "IRN", At: midday - 900e3, Seq: 1231, Asylum: true, Open: true},
	{Origin: "armenia/bavra", Post: "Bavra", ID: "402", Lane: "3", Direction: marz.ExitDirection, Verdict: marz.Attention, Decision: marz.Hold, Reason: "stay-exceeded", Authority: armenia.ID, At: midday - 4000e3, Seq: 405},
	{Origin: "armenia/bavra", Post: "Bavra", ID: "410", Lane: "3", Direction: marz.ExitDirection, Verdict: marz.Clear, At: midday - 3000e3, Reason: "wrong-lane", Authority: armenia.ID, Seq: 412},
	{Origin: "armenia/bavra", Post: "Bavra", ID: "420", Lane: "1", Direction: marz.EntryDirection, Verdict: marz.Clear, Authority: armenia.ID, Nationality: "GEO"},
}

var nationBodies = map[string]any{
	"nation": web.NationBody{From: midday - 23*3600e3, Until: midday, Choices: []int{1, 2, 7, 30}, Days: 1, Map: sampleMap.Map, Times: nationHours(24),
		Posts: []web.NationPost{
			{Origin: "armenia/agarak", Post: marz.Post{ID: "agarak", Name: "Agarak", Lat: 38.87, Lon: 46.2}, Exercise: true, Count: 812, Refused: 3, Open: 2, Oldest: midday - 2400e3, Head: midday - 4e3, Size: 4844, Missing: 12, Payloads: 3, Odd: 1,
				Control: []web.NationControl{{Authority: russia.ID, Article: "am-ru-1992/2", Since: midday - 9e9}, {Authority: armenia.ID, Lanes: []marz.LaneID{"5", "6"}, Article: "am-ru-2024-agarak/2", Since: midday - 9e6}},
				Lanes:   []web.NationLane{{ID: "1", Direction: marz.EntryDirection, Officers: []marz.OfficerID{officer.ID}, Case: &web.LaneCase{ID: "7", Opened: midday - 2400e3}}, {ID: "2"}}, Lists: sources,
				Officers: []web.NationOfficers{{Authority: armenia.ID, Count: 2}, {Authority: russia.ID, Count: 7}}},
			{Origin: "armenia/bavra", Post: marz.Post{ID: "bavra", Name: "Bavra", Lat: 41.11, Lon: 43.8}, Count: 240, Head: midday - 4*3600e3, Size: 900, Control: []web.NationControl{{Authority: armenia.ID, Article: "am-law-2001/2"}}},
			{Origin: "armenia/gogavan", Post: marz.Post{ID: "gogavan", Name: "Gogavan", Lat: 41.1, Lon: 44.3}, Head: midday - 60e3},
		},
		Decisions:     []web.NationCount{{"admit", marz.Admit, 540}, {"refuse", marz.Refuse, 3}, {"refer", marz.Refer, 7}, {"depart", marz.Depart, 501}, {"hold", marz.Hold, 1}},
		Nationalities: []web.NationCount{{Name: "IRN", Count: 611}, {Name: "ARM", Count: 322}, {Name: "", Count: 100}, {Name: "GEO", Count: 19}},
		Refused:       []web.NationCase{{Post: "Agarak", Lane: "1", Direction: marz.EntryDirection, Verdict: marz.Attention, Decision: marz.Refuse, Reason: "a-no-valid-document", Authority: armenia.ID, Nationality: "IRN", At: midday - 500e3, Seq: 1200}},
		Referred:      nationCases[:2],
		Late:          []web.NationLate{{NationCase: nationCases[0], Seq: 1240, Since: midday - 100e3, List: "ofac-sdn", Count: 1}, {NationCase: nationCases[3], Seq: 421, Since: midday - 200e3, List: "am-own", Owner: armenia.ID, Count: 2}},
		Debts:         []web.NationDebt{{Article: "csto-1992/2", Owes: "csto", Owed: "ARM", Text: "Each member gives the attacked one all necessary help.", Due: midday - 9e10, Status: "breached", Posts: []string{"Agarak"}}},
		Transfers: []web.NationTransfer{{Origin: "armenia/agarak", Post: "Agarak", ID: "agarak-1", Article: "am-ru-2024-agarak/2", From: russia.ID, To: armenia.ID, At: handing.At, Phase: transfer.Armed, Turned: []marz.AuthorityID{armenia.ID, russia.ID}},
			{Origin: "armenia/akhurik", Post: "Akhurik", Article: "am-ru-2026-akhurik/1", From: russia.ID, To: armenia.ID, Lanes: []marz.LaneID{"1", "2"}, At: midday - 60e3, Phase: transfer.Planned, Overdue: true}},
	},
	"postday": web.PostDayBody{Origin: "armenia/agarak", Post: marz.Post{ID: "agarak", Name: "Agarak"}, Day: "2024-12-30", Earlier: "2024-12-29", Later: "2024-12-31", Times: nationHours(24),
		Decisions: []web.NationCount{{"admit", marz.Admit, 540}, {"refuse", marz.Refuse, 3}}, Rows: nationCases, Before: "2024-12-30T10:00:00.000Z"},
	"search":  web.SearchBody{Reasons: reading, Rows: []web.Lookup{{Seq: 417, At: midday - 60e3, Officer: officer.ID, Reason: "court", Under: "am-ru-1992/2"}}},
	"history": web.HistoryBody{Asked: []string{"IRN", "1986-07-12", "HOSSEINI", "MARYAM ZAHRA", "K48213377"}, Entry: 417, Reason: "court", Rows: nationCases[:3], More: true, Stay: "12 of 180 days used in the last 365", Gap: true},
}

// nationHours are hours with more and fewer crossings.
func nationHours(n int) []web.NationTime {
	var out []web.NationTime
	for i := range n {
		t := web.NationTime{At: midday - marz.Instant(n-1-i)*3600e3, Entries: (i * 7) % 31, Exits: (i * 5) % 23}
		if i%9 == 4 {
			t.Stopped = 1
		}
		out = append(out, t)
	}
	return out
}

// hostileNation has something hostile wherever these pages take text.
func hostileNation(name string) any {
	c := web.NationCase{Origin: hostile, Post: hostile, ID: hostile, Lane: hostile, Direction: hostile, Verdict: hostile, Decision: hostile, Reason: hostile, Authority: hostile, Nationality: hostile, At: 1}
	times := []web.NationTime{{At: 1, Entries: 1}}
	counts := []web.NationCount{{hostile, hostile, 1}}
	switch name {
	case "postday":
		return web.PostDayBody{Origin: hostile, Post: marz.Post{Name: hostile}, Day: hostile, Earlier: hostile, Later: hostile, Times: times, Decisions: counts, Rows: []web.NationCase{c}, Before: hostile}
	case "search":
		return web.SearchBody{Reasons: []web.Reason{{Code: hostile, Text: hostile}}, Rows: []web.Lookup{{Officer: hostile, Reason: hostile, Under: hostile}}}
	case "history":
		return web.HistoryBody{Asked: []string{hostile}, Reason: hostile, Rows: []web.NationCase{c}, Stay: hostile}
	}
	m := hostileMap().Map
	return &web.NationBody{Map: m, Times: times, Decisions: counts, Nationalities: counts, Refused: []web.NationCase{c}, Referred: []web.NationCase{c}, Late: []web.NationLate{{NationCase: c, List: hostile, Owner: hostile}},
		Debts:     []web.NationDebt{{Article: hostile, Owes: hostile, Owed: hostile, Text: hostile, Status: hostile}},
		Transfers: []web.NationTransfer{{Post: hostile, Article: hostile, From: hostile, To: hostile, Lanes: []marz.LaneID{hostile}, Phase: hostile, Turned: []marz.AuthorityID{hostile}}},
		Posts: []web.NationPost{{Origin: hostile, Post: marz.Post{Name: hostile, Lat: -9, Lon: 9}, Control: []web.NationControl{{Authority: hostile, Lanes: []marz.LaneID{hostile}, Article: hostile}},
			Officers: []web.NationOfficers{{Authority: hostile, Count: 1}}}}}
}
