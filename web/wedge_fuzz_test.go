package web_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"marz/internal/browsertest"
	"marz/mrz"
)

// stroke is a key as the page's fuzz.js presses it; then it waits, in ms.
type stroke struct {
	Code   string `json:"code"`
	Shift  bool   `json:"shift"`
	Key    string `json:"key"`
	Repeat bool   `json:"repeat"`
	Ctrl   bool   `json:"ctrl"`
	Wait   int    `json:"wait"`
}

// fuzzed is how a scan arrives. whole says that nothing but pauses shorter than idle and keys that type nothing disturbed it.
type fuzzed struct {
	sample
	strokes []stroke
	whole   bool
}

var silent = []string{"F1", "F5", "F10", "Escape", "ArrowDown", "ShiftLeft", "CapsLock"}

// fuzzScan types a sample under a layout with stutters of the line, keys held down, and a person's keys between; one in four loses or
// gains a character, or breaks off.
func fuzzScan(r *rand.Rand, l browsertest.Layout, s sample) fuzzed {
	f := fuzzed{sample: s, whole: true}
	damage, at := r.IntN(12), r.IntN(len(s.oneLine()))
	gap := 1 + r.IntN(30)
	for i, k := range browsertest.Reader(typings[r.IntN(len(typings))](s)) {
		st := stroke{Code: k.Code, Shift: k.Shift, Wait: r.IntN(gap)}
		if _, typed := typedBy[k.Code]; typed {
			st.Key = l.Text(k.Code, k.Shift)
		}
		if st.Key != "" && r.IntN(60) == 0 {
			st.Wait = r.IntN(85) // with the line ends that may follow, which do not count as the reader's work, under the idle time of 150
		}
		if i == at && damage < 3 {
			f.whole = false
			switch damage {
			case 0:
				continue
			case 1:
				f.strokes = append(f.strokes, stroke{Code: "Key" + string(rune('A'+r.IntN(26))), Wait: 1})
			case 2:
				st.Wait = 200 + r.IntN(300)
			}
		}
		f.strokes = append(f.strokes, st)
		switch r.IntN(50) {
		case 0:
			f.strokes = append(f.strokes, stroke{Code: st.Code, Shift: st.Shift, Repeat: true})
		case 1:
			f.strokes = append(f.strokes, stroke{Code: silent[r.IntN(len(silent))]})
		case 2:
			f.strokes = append(f.strokes, stroke{Code: "KeyC", Ctrl: true})
		}
	}
	return f
}

// typedBy are the keys that a layout has a text for.
var typedBy = func() map[string]bool {
	m := map[string]bool{}
	for _, code := range browsertest.LayoutCodes() {
		m[code] = true
	}
	return m
}()

// TestWedgeFuzz holds that whatever the line does to a scan, what is accepted is what was scanned, and that what only stutters is accepted.
// Accepted is what the wedge reports and does not take back, and no check digit refuses at the post.
func TestWedgeFuzz(t *testing.T) {
	count := setting(os.Getenv("MARZ_SCANS"), 1000)
	seed := setting(os.Getenv("MARZ_SEED"), rand.Int64())
	t.Logf("MARZ_SEED=%d: %d scans", seed, count)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	p := browsertest.New(t, browsertest.Options{}).Page()
	p.Navigate(wedgeServer(t) + "/fuzz.html")
	p.WaitFor("window.ready")
	reported, refused := 0, 0
	for done := int64(0); done < count; {
		var scans []fuzzed
		var strokes [][]stroke
		for ; done < count && len(scans) < 250; done++ {
			scans = append(scans, fuzzScan(r, browsertest.Layouts[done%6], travelSample(r)))
			strokes = append(strokes, scans[len(scans)-1].strokes)
		}
		for i, got := range browsertest.Eval[[][]sample](p, "run("+mustJSON(t, strokes)+")") {
			want := scans[i]
			for _, s := range got {
				switch {
				case s.Text == want.Text && s.Format == want.Format:
				case !certain(s.Text):
					refused++
				default:
					t.Errorf("scanned %q, accepted %q (whole: %v)", want.Text, s.Text, want.whole)
				}
			}
			if want.whole && len(got) == 0 {
				t.Errorf("%q was not accepted", want.Text)
			}
			reported += len(got)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d reported and not taken back, of which the post refuses %d", reported, refused)
}

// certain reports whether the post opens an inspection for what came by itself: it does not where a check digit is wrong.
func certain(text string) bool {
	d, err := mrz.Parse(text, fakeToday)
	return err == nil && d.ChecksOK()
}

// travelSample is a zone of TD1, TD2 or TD3.
func travelSample(r *rand.Rand) sample {
	for {
		if s := randomSample(r); s.Format == "TD1" || s.Format == "TD2" || s.Format == "TD3" {
			return s
		}
	}
}

func setting(s string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	return otherwise
}
