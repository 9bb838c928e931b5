package web_test

import (
	"maps"

	"marz"
	"marz/web"
)

// registerPages are the pages of the register, of sections and of look-ups. Their bodies stand here.
var registerPages = []string{"register", "agreement", "timeline", "lookups", "sections"}

func init() {
	pages = append(pages, registerPages...)
	maps.Copy(sampleBodies, registerBodies)
}

var (
	treaty = web.AgreementRow{ID: "am-ru-1992", Seq: 3, Signed: "1992-09-30", State: "in force", Reconstruction: true, Articles: 5, InForce: 4,
		Title:   "Treaty between the Republic of Armenia and the Russian Federation on the status of the Border Troops of the Russian Federation on the territory of the Republic of Armenia, and the conditions of their functioning",
		Parties: []marz.AuthorityID{"am-bg", "ru-bg"}, From: instant("1992-09-30T00:00:00+03:00")}
	newYear  = handing.At
	treatyAt = treaty.From
	looking  = instant("2024-10-08T00:00:00+04:00") // since when Armenian officers are there beside
	places   = []marz.Place{
		{ID: "agarak", Kind: "post", Name: "Agarak", State: "ARM", Frontier: "am-ir"}, {ID: "akhurik", Kind: "post", Name: "Akhurik", State: "ARM", Frontier: "am-tr"},
		{ID: "bagratashen", Kind: "post", Name: "Bagratashen", State: "ARM", Frontier: "am-ge"}, {ID: "bavra", Kind: "post", Name: "Bavra", State: "ARM", Frontier: "am-ge"},
		{ID: "margara", Kind: "post", Name: "Margara", State: "ARM", Frontier: "am-tr"}, {ID: "zvartnots", Kind: "post", Name: "Zvartnots airport", State: "ARM"},
		{ID: "meghri-section", Kind: "section", Name: "Meghri", State: "ARM", Frontier: "am-ir"}, {ID: "armavir-section", Kind: "section", Name: "Armavir", State: "ARM", Frontier: "am-tr"},
	}
)

var registerBodies = map[string]any{
	"register": web.RegisterBody{At: midday, Places: places,
		Policy: "c09f3a77d1e24b60a8c5f1be903d7746e21ab07f5c9d8e3412f6a0b47cd58e19",
		Agreements: []web.AgreementRow{treaty,
			{ID: "am-law-2001", Title: "Law of the Republic of Armenia on Border Guard Troops", Parties: []marz.AuthorityID{"am-bg"}, Signed: "2001-11-20",
				From: instant("2001-11-20T00:00:00+04:00"), State: "in force", Reconstruction: true, Articles: 3, InForce: 3, Seq: 4},
			{ID: "csto-1992", Title: "Collective Security Treaty", Parties: []marz.AuthorityID{"am-bg", "ru-bg"}, Signed: "1992-05-15", From: instant("1994-04-20T00:00:00+04:00"),
				State: "suspended", Why: "am-bg, since 2024-02-22", Reconstruction: true, Articles: 2, Seq: 5},
			{ID: "am-ru-2024-zvartnots", Title: "Understanding on the end of the service of the Russian border guards at Zvartnots airport", Parties: []marz.AuthorityID{"am-bg", "ru-bg"},
				Signed: "2024-05-08", State: "in force", Reconstruction: true, Articles: 1, InForce: 1, Seq: 6},
			{ID: "am-ru-2024-agarak", Title: "Agreement of the two heads of government on border control at the crossing between Armenia and Iran, and on joint protection of the frontiers with Iran and Turkey",
				Parties: []marz.AuthorityID{"am-bg", "ru-bg"}, Signed: "2024-10-08", State: "not yet in force", From: newYear, Reconstruction: true, Articles: 4, InForce: 1, Seq: 7},
			{ID: "ru-bg-order-7", Title: "Order on the exercise at Agarak", Parties: []marz.AuthorityID{"ru-bg"}, Signed: "2023-03-01", State: "ended",
				From: instant("2023-03-01T00:00:00+04:00"), Until: instant("2023-04-01T00:00:00+04:00"), Articles: 1, Seq: 8},
			{ID: "am-ru-1997-aid", Title: "Protocol on mutual aid", Parties: []marz.AuthorityID{"am-bg", "ru-bg"}, Signed: "1997-08-29", State: "withdrawn", Why: "am-bg, since 2024-06-12", Reconstruction: true, Articles: 2, Seq: 9},
		},
		Memberships: []web.Membership{
			{Bloc: marz.Bloc{ID: "csto", Name: "Collective Security Treaty Organization"}, State: "ARM",
				Periods: []web.MembershipPeriod{
					{Status: "suspended", From: instant("2024-02-22T20:00:00+04:00"), By: "am-bg", Learnt: instant("2024-02-23T09:14:31+04:00"), Source: "Interview of the Armenian prime minister with France 24, 2024-02-22.", Now: true},
					{Status: "active", From: instant("1994-04-20T00:00:00+04:00"), Until: instant("2024-02-22T20:00:00+04:00"), By: "am-bg", Learnt: instant("2023-01-09T10:00:00+04:00"), Source: "Press reports."},
				},
				Hangs: []web.Hanging{
					{Article: "csto-1992/1", What: "ru-bg reads hits of am-bg's lists at agarak.", Why: "Suspended by am-bg since 2024-02-22 20:00."},
					{Article: "csto-1992/2", What: "am-bg and ru-bg observe each other's posts.", Why: "Suspended by am-bg since 2024-02-22 20:00."},
					{Article: "am-ru-1992/2", What: "ru-bg controls agarak.", InForce: true},
				}},
			{Bloc: marz.Bloc{ID: "eaeu", Name: "Eurasian Economic Union"}, State: "ARM",
				Periods: []web.MembershipPeriod{{Status: "active", From: instant("2015-01-02T00:00:00+04:00"), By: "am-bg", Learnt: instant("2023-01-09T10:00:00+04:00"), Source: "Press reports.", Now: true}}},
		},
		Obligations: []web.Obligation{
			{Article: "am-ru-2024-agarak/5", Owes: "ru-bg", To: "am-bg", What: "hand over the inventory of Agarak", Due: newYear, Status: "pending",
				Entitles: "am-bg counts the inventory alone and records what is missing."},
			{Article: "csto-1992/3", Owes: "csto", To: "ARM", What: "assistance after an attack on its territory", Due: instant("2022-09-30T00:00:00+04:00"), Status: "breached", Overdue: true,
				Entitles: "Armenia may suspend its participation, and every article that depends on it with it.",
				Reports: []web.ObligationReport{
					{At: instant("2024-02-22T20:00:00+04:00"), Learnt: instant("2024-02-23T09:14:31+04:00"), By: "am-bg", Status: "breached", Evidence: "Statement of the prime minister, 2024-02-22: the treaty did not achieve its objectives for Armenia."},
					{At: instant("2022-10-01T00:00:00+04:00"), Learnt: instant("2023-01-09T10:00:00+04:00"), By: "ru-bg", Status: "met", Evidence: "A mission of the secretary general was sent to the frontier."},
				}},
			{Article: "am-ru-1992/5", Owes: "am-bg", To: "ru-bg", What: "its share of the cost of the year 2023", Due: instant("2024-03-01T00:00:00+04:00"), Status: "met",
				Reports: []web.ObligationReport{{At: instant("2024-02-27T12:00:00+04:00"), Learnt: instant("2024-02-27T12:00:02+04:00"), By: "am-bg", Status: "met"}}},
		},
		Rules: []web.Rule{
			{Article: "marz/1", Text: "Nothing is allowed that no article in force allows."},
			{Article: "marz/2", Text: "An officer acts only while signed in, in the role that his own authority gave him."},
			{Article: "marz/3", Text: "Whoever has left a post by a transfer of control reads nothing there any more."},
		}},
	"agreement": web.AgreementBody{At: midday, Agreement: treaty,
		Source: "The treaty's existence, date and subject: press reports of May and October 2024, among them Radio Free Europe/Radio Liberty and European Pravda, 2024-10-08.",
		Signatures: []web.Signature{
			{Authority: armenia, Key: "am-bg+7be11c02+AUr2Yt0F4qZc8wN5xJ1hL4mB6pT9zR2sD8uE0gK3aXdQ", Signed: true},
			{Authority: russia, Key: "ru-bg+f119176e+AQ3iF2nV8kY0c7Qw5xJ1hL4mB6pT9zR2sD8uE0gK3aX"},
		},
		Statements: []web.Statement{
			{By: "am-bg", Subject: "article am-ru-1992/1", Status: "withdrawn", From: instant("2024-08-01T00:00:00+04:00"), Learnt: instant("2024-07-31T18:22:09+04:00"), Seq: 212},
			{By: "am-bg", Subject: "membership of ARM in csto", Status: "suspended", From: instant("2024-02-22T20:00:00+04:00"), Expires: instant("2025-02-22T20:00:00+04:00"), Learnt: instant("2024-02-23T09:14:31+04:00"), Seq: 88},
		},
		Articles: []web.ArticleView{
			{Ref: "am-ru-1992/1", Kind: "control", Who: "ru-bg controls", Places: []marz.PlaceID{"zvartnots"}, From: treatyAt, Until: instant("2024-08-01T00:00:00+04:00"), Why: "Ended 2024-08-01 00:00.",
				Text:  "Border control at the airport of Yerevan is carried out by the Russian border guards. Assumed: control and not service under another's control; from the day of the treaty.",
				Gives: []string{"inspect", "decide", "supervise"}, Cedar: "@agreement(\"am-ru-1992\")\n@article(\"1\")\npermit (principal in Authority::\"ru-bg\", action, resource in Place::\"zvartnots\");"},
			{Ref: "am-ru-1992/2", Kind: "control", Who: "ru-bg controls", Places: []marz.PlaceID{"agarak"}, From: treatyAt, Until: newYear, InForce: true,
				Text:  "Border control at the crossing to Iran is carried out by the Russian border guards.",
				Gives: []string{"inspect", "decide", "supervise", "read-record", "read-journal", "enrol", "erase", "manage-lists"},
				Hangs: []string{"Sessions of 3 officers at agarak end with it.", "2 lists of ru-bg at agarak lapse with it."},
				Cedar: "@agreement(\"am-ru-1992\")\n@article(\"2\")\npermit (\n  principal in Authority::\"ru-bg\",\n  action in [Action::\"inspect\", Action::\"decide\", Action::\"supervise\"],\n  resource in Place::\"agarak\"\n) when { context.at >= datetime(\"1992-09-29T21:00:00Z\") && context.at < datetime(\"2024-12-31T20:00:00Z\") };"},
			{Ref: "am-ru-1992/4", Kind: "share", Who: "am-bg shares hits with ru-bg", Places: []marz.PlaceID{"agarak", "margara"}, From: treatyAt, Why: "ARM in csto is suspended since 2024-02-22 20:00.",
				Text: "Each side tells the other of persons sought.", Gives: []string{"hits: name, birth, list"}, While: []string{"ARM in csto is active"}},
		}},
	"timeline": web.TimelineBody{Place: places[0], At: instant("2025-01-03T12:00:00+04:00"), Places: places,
		Rows: []web.Period{
			{Control: "ru-bg", Article: "am-ru-1992/2", From: treatyAt, Until: looking},
			{Control: "ru-bg", Article: "am-ru-1992/2", From: looking, Until: newYear, With: []marz.AuthorityID{"am-bg"}, Under: []marz.ArticleRef{"am-ru-2024-agarak/1"}},
			{Control: "am-bg", Article: "am-ru-2024-agarak/2", From: newYear},
		},
		Actual: []web.Passed{{From: "ru-bg", To: "am-bg", Article: "am-ru-2024-agarak/2", Planned: newYear, Actual: newYear + 37, Seq: 1241}},
		Now: []web.Mandate{
			{Authority: armenia, Role: "controls", Article: "am-ru-2024-agarak/2", Powers: []string{"inspect", "decide", "supervise", "read-record", "read-journal", "enrol", "erase", "manage-lists"}},
			{Authority: russia, Role: "observes", Article: "am-ru-2024-agarak/6", Powers: []string{"read-journal"}},
		}},
	"lookups": web.LookupsBody{Own: "am-bg", Rows: []web.Lookup{
		{Seq: 1212, At: midday - 1800e3, Officer: "ru-bg/0102", What: "hit", Inspection: "i18", Reason: "Inquiry of a court or prosecutor", Under: "am-ru-1992/4", Fields: []string{"name", "birth", "list"}},
		{Seq: 1190, At: midday - 7200e3, Officer: "ru-bg/0111", What: "record", Inspection: "i11", Reason: "Complaint of the traveller", Under: "am-ru-1992/4", Fields: []string{"document number", "decision", "nationality"}},
		{Seq: 1177, At: midday - 9100e3, Officer: "ru-bg/0102", What: "incident", Incident: 1160, Reason: "Joint inquiry", Under: "am-ru-2024-agarak/3", Fields: []string{"note"}},
	}},
	"sections": sectionsBody(),
}

func sectionsBody() web.SectionsBody {
	mixed := []marz.OfficerID{"am-bg/0114", "am-bg/0107", "ru-bg/0111"}
	return web.SectionsBody{Supervises: true,
		Kinds:   []web.Reason{{Code: "crossing", Text: "Crossing outside a post"}, {Code: "shots", Text: "Shots heard or fired"}, {Code: "animals", Text: "Livestock over the line"}},
		Reasons: reading,
		Sections: []web.SectionView{
			{Section: marz.Section{ID: "meghri-section", Name: "Meghri", State: "ARM", Frontier: "am-ir", Post: "agarak", Length: 41.5},
				Control:  web.Period{Control: "ru-bg", Article: "am-ru-1992/6", From: treatyAt, With: []marz.AuthorityID{"am-bg"}, Under: []marz.ArticleRef{"am-ru-2024-agarak/3"}},
				Officers: []marz.OfficerID{"ru-bg/0102", "ru-bg/0111", "ru-bg/0112", "am-bg/0107", "am-bg/0114"},
				Patrols: []web.Patrol{
					{ID: 1207, From: midday - 3*3600e3, Until: midday + 9*3600e3, Officers: mixed, Under: "am-ru-2024-agarak/3", By: officer.ID},
					{ID: 1101, From: midday - 27*3600e3, Until: midday - 15*3600e3, Officers: []marz.OfficerID{"ru-bg/0111", "ru-bg/0112"}, Under: "am-ru-1992/6", By: officer.ID, Ended: true},
				},
				Incidents: []web.Incident{
					{ID: 1215, At: midday - 3600e3, Kind: "Livestock over the line", Kilometre: 12.5, Present: mixed[:2], Patrol: 1207, By: "am-bg/0107", Owner: "am-bg", Under: "am-ru-2024-agarak/3", Note: true},
					{ID: 1160, At: midday - 20*3600e3, Kind: "Crossing outside a post", Kilometre: 30.1, By: "ru-bg/0111", Owner: "ru-bg", Under: "am-ru-1992/6"},
				}},
			{Section: marz.Section{ID: "armavir-section", Name: "Armavir", State: "ARM", Frontier: "am-tr", Post: "agarak"},
				Control: web.Period{Control: "ru-bg", Article: "am-ru-1992/3", From: treatyAt}},
		}}
}

// hostileRegister are the bodies of the same pages with a hostile name wherever they take text.
var hostileRegister = map[string]any{
	"register": web.RegisterBody{Policy: hostile, Rules: []web.Rule{{Article: hostile, Text: hostile}}, Places: []marz.Place{{ID: hostile, Kind: hostile, Name: hostile, Frontier: hostile}},
		Agreements:  []web.AgreementRow{{ID: hostile, Title: hostile, Parties: []marz.AuthorityID{hostile}, Signed: hostile, State: hostile, Why: hostile}},
		Memberships: []web.Membership{{Bloc: marz.Bloc{ID: hostile, Name: hostile}, State: hostile, Periods: []web.MembershipPeriod{{Status: hostile, By: hostile, Source: hostile, Now: true}}, Hangs: []web.Hanging{{Article: hostile, What: hostile, Why: hostile}}}},
		Obligations: []web.Obligation{{Article: hostile, Owes: hostile, To: hostile, What: hostile, Status: hostile, Entitles: hostile, Overdue: true, Reports: []web.ObligationReport{{By: hostile, Status: hostile, Evidence: hostile}}}}},
	"agreement": web.AgreementBody{Source: hostile, Agreement: web.AgreementRow{ID: hostile, Title: hostile, Parties: []marz.AuthorityID{hostile}, State: hostile, Why: hostile, Signed: hostile},
		Signatures: []web.Signature{{Authority: marz.Authority{ID: hostile, Name: hostile}, Key: hostile}}, Statements: []web.Statement{{By: hostile, Subject: hostile, Status: hostile}},
		Articles: []web.ArticleView{{Ref: hostile, Kind: hostile, Who: hostile, Places: []marz.PlaceID{hostile}, Text: hostile, Why: hostile, Gives: []string{hostile}, While: []string{hostile}, Hangs: []string{hostile}, Cedar: hostile}}},
	"timeline": web.TimelineBody{Place: marz.Place{ID: hostile, Name: hostile, Kind: hostile, State: hostile, Frontier: hostile}, At: midday, Known: midday, Places: []marz.Place{{ID: hostile, Name: hostile}},
		Rows:   []web.Period{{Control: hostile, Article: hostile, From: treatyAt, With: []marz.AuthorityID{hostile + "2"}, Under: []marz.ArticleRef{hostile}}},
		Actual: []web.Passed{{To: hostile, From: hostile, Article: hostile, Actual: midday}},
		Now:    []web.Mandate{{Authority: marz.Authority{ID: hostile, Name: hostile}, Role: hostile, Article: hostile, Powers: []string{hostile}}}},
	"lookups": web.LookupsBody{Own: hostile, Rows: []web.Lookup{{Officer: hostile, What: hostile, Inspection: hostile, Reason: hostile, Under: hostile, Fields: []string{hostile}}}},
	"sections": web.SectionsBody{Supervises: true, Kinds: []web.Reason{{Code: hostile, Text: hostile}}, Reasons: []web.Reason{{Code: hostile, Text: hostile}}, Sections: []web.SectionView{{
		Section: marz.Section{ID: hostile, Name: hostile, Frontier: hostile}, Control: web.Period{Control: hostile, Article: hostile, With: []marz.AuthorityID{hostile}, Under: []marz.ArticleRef{hostile}},
		Officers: []marz.OfficerID{hostile}, Patrols: []web.Patrol{{Officers: []marz.OfficerID{hostile}, Under: hostile, By: hostile}},
		Incidents: []web.Incident{{Kind: hostile, Present: []marz.OfficerID{hostile}, By: hostile, Owner: hostile, Under: hostile, Note: true}}}}},
}
