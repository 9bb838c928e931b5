package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/watchlist"
	"marz/watchlist/name"
)

func (o *options) quality() error {
	lists, err := o.lists()
	if err != nil {
		return err
	}
	set := watchlist.New(time.Now)
	for _, l := range lists {
		if err := set.Replace(l); err != nil {
			return err
		}
	}
	o.recall(set, lists)
	for _, f := range []func(*watchlist.Set, []*watchlist.List) error{o.falseHits, o.bench, o.listed, o.aliases, o.transliterated} {
		if err := f(set, lists); err != nil {
			return err
		}
	}
	return nil
}

// rank returns the place of an alert among the hits, from 1, or 0.
func rank(a watchlist.Answer, list marz.ListID, id marz.AlertID) int {
	return 1 + slices.IndexFunc(a.Hits, func(h watchlist.Hit) bool { return h.List == list && h.Alert == id })
}

// tally counts how often an alert was found first, and among the first ten.
type tally struct{ asked, first, ten int }

func (t *tally) count(rank int) {
	t.asked++
	if rank == 1 {
		t.first++
	}
	if rank >= 1 && rank <= 10 {
		t.ten++
	}
}

func (t tally) String() string {
	if t.asked == 0 {
		return "- | - | 0"
	}
	return fmt.Sprintf("%.4f | %.4f | %d", float64(t.first)/float64(t.asked), float64(t.ten)/float64(t.asked), t.asked)
}

// born returns the date that an alert is asked with, as it is listed.
func born(a *watchlist.Alert) marz.Date {
	if len(a.Births) == 0 {
		return marz.Date{}
	}
	return a.Births[0].From
}

func latin(s string) bool {
	return !strings.ContainsFunc(strings.Join(name.Parts(s), ""), func(r rune) bool { return r > 'z' })
}

// recall asks for every person on the lists by his first name, changed.
func (o *options) recall(set *watchlist.Set, lists []*watchlist.List) {
	o.say("| change of the name | with birth date @1 | @10 | asked | full date @10 | year only @10 | none listed @10 | without birth date @1 | @10 | asked |")
	o.say("|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range changes {
		r := rand.New(rand.NewPCG(1, 2))
		var with, without, full, year, none tally
		for _, l := range lists {
			for i := range l.Alerts {
				a := &l.Alerts[i]
				if a.Kind != watchlist.Person || !latin(a.Names[0].Text) {
					continue
				}
				text := c.do(r, a, name.Parts(a.Names[0].Text))
				if text == "" {
					continue
				}
				q := watchlist.Query{Names: []string{text}}
				n := rank(set.Screen(context.Background(), q), l.ID, a.ID)
				without.count(n)
				q.Birth = born(a)
				n = rank(set.Screen(context.Background(), q), l.ID, a.ID)
				with.count(n)
				switch {
				case q.Birth.Full():
					full.count(n)
				case q.Birth.Year != 0:
					year.count(n)
				default:
					none.count(n)
				}
				if o.show && n == 0 {
					fmt.Fprintf(o.out, "missed: %s: %q for %q %v\n", c.what, text, a.Names[0].Text, q.Birth)
				}
			}
		}
		ten := func(t tally) string { return fmt.Sprintf("%.4f", float64(t.ten)/float64(max(t.asked, 1))) }
		o.say("| %s | %s | %s | %s | %s | %s |", c.what, with, ten(full), ten(year), ten(none), without)
	}
	o.say("")
}

// aliases takes half of the aliases out of the lists, and asks by them; then the other half.
func (o *options) aliases(_ *watchlist.Set, lists []*watchlist.List) error {
	counts := map[string]*[2]tally{}
	for round := range 2 {
		for _, l := range lists {
			set := watchlist.New(time.Now)
			cut := *l
			cut.Alerts = nil
			type asked struct {
				n watchlist.Name
				a *watchlist.Alert
			}
			var all []asked
			for i := range l.Alerts {
				a := l.Alerts[i]
				a.Names = nil
				for k, n := range l.Alerts[i].Names {
					if k > 0 && (i+k)%2 == round && l.Alerts[i].Kind == watchlist.Person {
						all = append(all, asked{n, &l.Alerts[i]})
					} else {
						a.Names = append(a.Names, n)
					}
				}
				cut.Alerts = append(cut.Alerts, a)
			}
			if err := set.Replace(&cut); err != nil {
				return err
			}
			for _, q := range all {
				t := counts[string(l.ID)+" "+string(q.n.Kind)]
				if t == nil {
					t = &[2]tally{}
					counts[string(l.ID)+" "+string(q.n.Kind)] = t
				}
				query := watchlist.Query{Names: []string{q.n.Text}}
				t[1].count(rank(set.Screen(context.Background(), query), l.ID, q.a.ID))
				query.Birth = born(q.a)
				t[0].count(rank(set.Screen(context.Background(), query), l.ID, q.a.ID))
			}
		}
	}
	o.say("| aliases withheld | with birth date @1 | @10 | asked | without @1 | @10 | asked |")
	o.say("|---|---|---|---|---|---|---|")
	for _, k := range slices.Sorted(keys(counts)) {
		o.say("| %s | %s | %s |", k, counts[k][0], counts[k][1])
	}
	o.say("")
	return nil
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// mostPairs is how many alerts a list of transliterated names has.
const mostPairs = 50_000

// transliterated makes lists of people from pairs of names, and asks for them in the other script.
func (o *options) transliterated(_ *watchlist.Set, lists []*watchlist.List) error {
	o.say("| transliterated | with birth date @1 | @10 | asked | without @1 | @10 | asked | @10 with birth date, weighted by how often the pair was seen |")
	o.say("|---|---|---|---|---|---|---|---|")
	for _, lang := range []string{"russian", "arabic"} {
		all, err := o.pairs("screening/wd_" + lang + "_80.tsv")
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(3, 4))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, whole := range []bool{false, true} {
			for _, nativeListed := range []bool{false, true} {
				if err := o.transliteration(lists, r, lang, all[:min(len(all), mostPairs)], whole, nativeListed); err != nil {
					return err
				}
			}
		}
	}
	o.say("")
	return nil
}

func (o *options) transliteration(lists []*watchlist.List, r *rand.Rand, lang string, all []pair, whole, nativeListed bool) error {
	l := &watchlist.List{ID: "pairs", Name: "pairs", Owner: "pairs", Loaded: 1}
	var queries []watchlist.Query
	for i := range all {
		p := all[i]
		listed, asked := p.latin, p.native
		if whole {
			other := all[r.IntN(len(all))]
			listed, asked = listed+" "+other.latin, asked+" "+other.native
		}
		if nativeListed {
			listed, asked = asked, listed
		}
		d := marz.Date{Year: 1940 + r.IntN(66), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}
		l.Alerts = append(l.Alerts, watchlist.Alert{ID: marz.AlertID(fmt.Sprint(i)), Kind: watchlist.Person, Owner: "pairs", Names: []watchlist.Name{{Text: listed, Kind: watchlist.Primary}}, Births: []watchlist.Birth{{From: d}}})
		queries = append(queries, watchlist.Query{Names: []string{asked}, Birth: d})
	}
	set := watchlist.New(time.Now)
	for _, l := range append(slices.Clone(lists), l) {
		if err := set.Replace(l); err != nil {
			return err
		}
	}
	var with, without tally
	weight, found := 0, 0
	for i, q := range queries {
		n := rank(set.Screen(context.Background(), q), "pairs", marz.AlertID(fmt.Sprint(i)))
		with.count(n)
		weight += all[i].count
		if n >= 1 && n <= 10 {
			found += all[i].count
		} else if o.show {
			fmt.Fprintf(o.out, "missed: %s %q for %q: %s %s\n", lang, q.Names[0], l.Alerts[i].Names[0].Text, sounds(q.Names[0]), sounds(l.Alerts[i].Names[0].Text))
		}
		if i%10 == 0 {
			q.Birth = marz.Date{}
			without.count(rank(set.Screen(context.Background(), q), "pairs", marz.AlertID(fmt.Sprint(i))))
		}
	}
	what := lang + ", one part"
	if whole {
		what = lang + ", two parts"
	}
	if nativeListed {
		what += ", listed in its own script"
	}
	o.say("| %s | %s | %s | %.4f |", what, with, without, float64(found)/float64(weight))
	return nil
}

// sounds are the sounds of a name's parts, to see why two did not meet.
func sounds(text string) (out []string) {
	for _, p := range name.Parts(text) {
		out = append(out, name.Sounds(p))
	}
	return out
}

// bench asks for one name of each labelled pair of persons; the other is on a list among all others and the public lists.
func (o *options) bench(_ *watchlist.Set, lists []*watchlist.List) error {
	rows, err := o.rows("screening/name_bench_cases.csv")
	if err != nil {
		return err
	}
	l := &watchlist.List{ID: "bench", Name: "bench", Owner: "bench", Loaded: 1}
	at := map[string]marz.AlertID{}
	for _, r := range rows {
		if r["schema"] != "Person" || at[r["name2"]] != "" {
			continue
		}
		at[r["name2"]] = marz.AlertID(fmt.Sprint(len(at) + 1))
		l.Alerts = append(l.Alerts, watchlist.Alert{ID: at[r["name2"]], Kind: watchlist.Person, Owner: "bench", Names: []watchlist.Name{{Text: r["name2"], Kind: watchlist.Primary}}})
	}
	// The public lists stand in the same list, so that names are as rare as they are there.
	for _, more := range lists {
		for _, a := range more.Alerts {
			a.ID = marz.AlertID(more.ID) + "/" + a.ID
			l.Alerts = append(l.Alerts, a)
		}
	}
	set := watchlist.New(time.Now)
	if err := set.Replace(l); err != nil {
		return err
	}
	var tp, fp, fn, tn int
	for _, r := range rows {
		if r["schema"] != "Person" {
			continue
		}
		hit := slices.ContainsFunc(set.Screen(context.Background(), watchlist.Query{Names: []string{r["name1"]}}).Hits, func(h watchlist.Hit) bool { return h.Alert == at[r["name2"]] })
		switch truth := r["is_match"] == "true"; {
		case hit && truth:
			tp++
		case hit:
			fp++
		case truth:
			fn++
		default:
			tn++
		}
		if o.show && hit != (r["is_match"] == "true") {
			fmt.Fprintf(o.out, "bench: hit %v, %q %q %s\n", hit, r["name1"], r["name2"], r["notes"])
		}
	}
	p, rec := float64(tp)/float64(tp+fp), float64(tp)/float64(tp+fn)
	o.say("| labelled pairs of persons | precision | recall | F1 |")
	o.say("|---|---|---|---|")
	o.say("| %d that are one, %d that are not | %.3f | %.3f | %.3f |", tp+fn, fp+tn, p, rec, 2*p*rec/(p+rec))
	o.say("")
	return nil
}

// falseHits asks for people who are on no list.
func (o *options) falseHits(set *watchlist.Set, _ []*watchlist.List) error {
	rows, err := o.rows("screening/negatives_global_even.csv")
	if err != nil {
		return err
	}
	o.say("| people on no list: %d, asked by | with a hit | in 10,000 | time p50 | p99 | most |", len(rows))
	o.say("|---|---|---|---|---|---|")
	for _, kind := range []string{"name, birth date, sex, nationality", "name, birth date", "name"} {
		hit := 0
		var times []time.Duration
		for _, r := range rows {
			q := traveller(r)
			switch kind {
			case "name":
				q = watchlist.Query{Names: q.Names}
			case "name, birth date":
				q.Sex, q.Nationality = "", ""
			}
			began := time.Now()
			a := set.Screen(context.Background(), q)
			times = append(times, time.Since(began))
			if len(a.Hits) > 0 {
				hit++
				if o.show {
					fmt.Fprintf(o.out, "false: %s: %q %v %.1f %q %v\n", kind, q.Names[0], q.Birth, a.Hits[0].Score, a.Hits[0].Name, a.Hits[0].Reasons)
				}
			}
		}
		slices.Sort(times)
		o.say("| %s | %d | %.1f | %v | %v | %v |", kind, hit, float64(hit)*1e4/float64(len(rows)), times[len(times)/2].Round(100*time.Nanosecond), times[len(times)*99/100].Round(100*time.Nanosecond), times[len(times)-1].Round(time.Microsecond))
	}
	o.say("")
	return nil
}

// listed asks for people of the United Nations' list as others write them.
func (o *options) listed(set *watchlist.Set, _ []*watchlist.List) error {
	rows, err := o.rows("screening/positives_un_untreated.csv")
	if err != nil {
		return err
	}
	by, with := 0, 0
	un := func(q watchlist.Query) bool {
		return slices.ContainsFunc(set.Screen(context.Background(), q).Hits, func(h watchlist.Hit) bool { return h.List == "un-sc" })
	}
	for _, r := range rows {
		q := traveller(r)
		if un(q) {
			with++
		}
		if un(watchlist.Query{Names: q.Names}) {
			by++
		}
	}
	o.say("Of %d people of the United Nations' list, as others write them, %d hit by name, %d with birth date and nationality.", len(rows), by, with)
	o.say("")
	return nil
}
