package post

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"marz/api"
)

// scrape reads what monitoring reads.
func scrape(t *testing.T, h http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	out, err := parser.TextToMetricFamilies(bytes.NewReader(w.Body.Bytes()))
	if err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	return out
}

// value is the value of one line, by the value of its label where it has one.
func value(t *testing.T, all map[string]*dto.MetricFamily, name, label string) float64 {
	t.Helper()
	f := all[name]
	if f == nil {
		t.Fatalf("there is no %s", name)
	}
	for _, m := range f.Metric {
		if label == "" || len(m.Label) == 1 && m.Label[0].GetValue() == label {
			if h := m.Histogram; h != nil {
				return float64(h.GetSampleCount())
			}
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("%s has no %s", name, label)
	return 0
}

// What monitoring reads is what happened, and has the same few lines whatever officers and travellers there are.
func TestMetrics(t *testing.T) {
	tp, p, _ := newEventful(t)
	h := tp.metrics.handler()
	all := scrape(t, h)
	for _, c := range []struct {
		name, label string
		want        float64
	}{
		{"marz_journal_entries", "", float64(tp.size())}, {"marz_up", "", 1}, {"marz_lanes_open", "", 1}, {"marz_cases_open", "", 1}, {"marz_inspections_total", "stop", 1}, {"marz_late_hits_open", "", 0},
		{"marz_list_refused", "test-list", 1}, {"marz_list_alerts", "ru-own", 1}, {"marz_mirror_missing_entries", "hq", float64(tp.size() - 3)}, {"marz_clock_doubt", "", 0},
	} {
		if got := value(t, all, c.name, c.label); got != c.want {
			t.Errorf("%s %s is %v, want %v", c.name, c.label, got, c.want)
		}
	}
	for _, name := range []string{"marz_disk_free_bytes", "marz_commit_seconds", "marz_screening_seconds", "marz_list_age_seconds", "marz_mirror_seen_seconds"} {
		if value(t, all, name, "") <= 0 {
			t.Errorf("%s tells nothing", name)
		}
	}
	lines := func(all map[string]*dto.MetricFamily) (n int) {
		for name, f := range all {
			if strings.HasPrefix(name, "marz_") {
				n += len(f.Metric)
			}
		}
		return n
	}
	before := lines(all)
	officer := tp.signIn("ru-bg/2")
	tp.leave(officer, tp.mustScan(officer, "1", passport(t, "BABADI", "REZA", "B1", nil)))
	for _, number := range []string{"D1", "D2", "D3"} {
		tp.crossed(officer, number)
	}
	tp.write("test.jsonl", list+rezasAlert)
	if _, err := tp.ReloadLists(t.Context(), tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	tp.screenAgain(t)
	all = scrape(t, h)
	if after := lines(all); after != before || value(t, all, "marz_late_hits_open", "") == 0 || value(t, all, "marz_cases_open", "") != 0 {
		t.Errorf("%d lines, then %d; %v late hits", before, after, value(t, all, "marz_late_hits_open", ""))
	}
	for name, f := range all {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if strings.HasPrefix(name, "marz_") && !slices.Contains([]string{"verdict", "list", "mirror"}, l.GetName()) {
					t.Errorf("%s has the label %s", name, l.GetName())
				}
			}
		}
	}
	if resp, _ := p.ask("GET", "/metrics", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("to an accepted program: %s", resp.Status)
	}
}

// A node that has failed says so to who asks how it is, and answers nothing else.
func TestHealth(t *testing.T) {
	tp := newTestPost(t)
	p := tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	old := crashed(t, tp)
	var h api.Health
	if p.get("/healthz", &h); !h.Well || len(h.Checks) != 5 {
		t.Errorf("%+v", h)
	}
	tp.signIn("ru-bg/2")
	ahead := tp.journal.Head()
	tp.Post.Close()
	tp.dir = old
	tp.open()
	p.connect()
	if err := tp.journal.Heard(t.Context(), ahead.Note); err == nil {
		t.Fatal("an old copy goes on")
	}
	resp, b := p.ask("GET", "/healthz", "")
	h = api.Health{}
	if err := json.Unmarshal(b, &h); err != nil || resp.StatusCode != http.StatusServiceUnavailable || h.Well || h.Checks[0].Name != "journal" || h.Checks[0].Well {
		t.Errorf("%s %s", resp.Status, b)
	}
	resp, b = p.ask("GET", "/v1/node", "")
	p.refused("another question", resp, b, "unavailable", "")
	if up := value(t, scrape(t, tp.metrics.handler()), "marz_up", ""); up != 0 {
		t.Error("it is said to be up")
	}
	resp, b = tp.newProgram(t).ask("GET", "/healthz", "")
	p.refused("a stranger", resp, b, "forbidden", "no supervisor")
}

// Without a certificate monitoring is answered on a loopback address alone.
func TestMetricsAddress(t *testing.T) {
	tp := newTestPost(t)
	for addr, ok := range map[string]bool{"127.0.0.1:0": true, "[::1]:9464": true, ":9464": false, "0.0.0.0:9464": false, "192.0.2.1:9464": false, "localhost": false, "localhost:9464": false} {
		c := tp.config
		c.Metrics = addr
		if err := c.validate(configFile); (err == nil) != ok {
			t.Errorf("metrics = %q: %v", addr, err)
		}
	}
	tp.config.Metrics = "127.0.0.1:0"
	srv, ln, err := api.ListenMonitoring(tp.config.Metrics, configFile, tp.metrics.handler(), http.HandlerFunc(tp.healthz), tp.opts.Log)
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	for path, want := range map[string]int{"/metrics": 200, "/healthz": 200, "/api/v1/node": 404} {
		resp, err := http.Get("http://" + ln.Addr().(*net.TCPAddr).String() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}
