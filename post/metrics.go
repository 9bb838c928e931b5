package post

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"marz"
	"marz/api"
	"marz/mirror"
)

// metrics are what monitoring reads (the exposition format of Prometheus). Nothing in them is about a person, and no label names an officer: labels are verdicts, lists of the configuration
// and mirrors, all of them few.
type metrics struct {
	post        *Post
	registry    *prometheus.Registry
	commit      prometheus.Histogram
	screen      prometheus.Histogram
	inspections *prometheus.CounterVec
}

var (
	sizeDesc     = prometheus.NewDesc("marz_journal_entries", "Entries of the journal.", nil, nil)
	upDesc       = prometheus.NewDesc("marz_up", "Whether the journal takes entries: 1, or 0 after it has failed.", nil, nil)
	lanesDesc    = prometheus.NewDesc("marz_lanes_open", "Lanes at which an officer sits.", nil, nil)
	casesDesc    = prometheus.NewDesc("marz_cases_open", "Inspections that have not ended.", nil, nil)
	ageDesc      = prometheus.NewDesc("marz_list_age_seconds", "Age of the content of a list in force.", []string{"list"}, nil)
	alertsDesc   = prometheus.NewDesc("marz_list_alerts", "Alerts of a list in force.", []string{"list"}, nil)
	refusedDesc  = prometheus.NewDesc("marz_list_refused", "Whether the last refresh of a list was refused: 1 or 0.", []string{"list"}, nil)
	missingDesc  = prometheus.NewDesc("marz_mirror_missing_entries", "Entries that a mirror has not cosigned.", []string{"mirror"}, nil)
	silentDesc   = prometheus.NewDesc("marz_mirror_seen_seconds", "Since when a mirror has not answered.", []string{"mirror"}, nil)
	lateDesc     = prometheus.NewDesc("marz_late_hits_open", "Late hits for which nobody has answered.", nil, nil)
	roomDesc     = prometheus.NewDesc("marz_disk_free_bytes", "Bytes that are free for the data folder.", nil, nil)
	doubtDesc    = prometheus.NewDesc("marz_clock_doubt", "Whether the sources of time disagree: 1 or 0.", nil, nil)
	descriptions = []*prometheus.Desc{sizeDesc, upDesc, lanesDesc, casesDesc, ageDesc, alertsDesc, refusedDesc, missingDesc, silentDesc, lateDesc, roomDesc, doubtDesc}
)

func newMetrics(p *Post) *metrics {
	m := &metrics{post: p, registry: prometheus.NewRegistry(),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "marz_commit_seconds", Help: "How long a change of the journal took, from asking to the commit.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}),
		screen: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "marz_screening_seconds", Help: "How long the lists took to answer for one traveller.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1}}),
		inspections: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "marz_inspections_total", Help: "Inspections that were opened since the node started, by verdict."}, []string{"verdict"}),
	}
	for _, v := range []marz.Verdict{marz.Clear, marz.Attention, marz.Stop} {
		m.inspections.WithLabelValues(string(v))
	}
	m.registry.MustRegister(m, m.commit, m.screen, m.inspections, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) inspected(v marz.Verdict) { m.inspections.WithLabelValues(string(v)).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2, Timeout: 30 * time.Second})
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		to <- d
	}
}

// Collect implements prometheus.Collector: what is asked anew each time. What cannot be read is an error of its own, and the rest is told all the same.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	p, ctx := m.post, context.Background()
	now := p.now()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	fail := func(d *prometheus.Desc, err error) { to <- prometheus.NewInvalidMetric(d, err) }
	gauge(sizeDesc, float64(p.journal.Head().Size))
	gauge(upDesc, truth(p.journal.Failure() == nil))
	gauge(doubtDesc, truth(p.clocks(now).Doubt() != ""))
	for _, c := range []struct {
		of    *prometheus.Desc
		query string
	}{
		{lanesDesc, `SELECT count(DISTINCT lane) FROM s_seat`},
		{casesDesc, `SELECT count(*) FROM s_inspection WHERE state IN ` + openStates},
		{lateDesc, `SELECT count(*) FROM s_late l WHERE NOT EXISTS (SELECT 1 FROM s_late_seen s WHERE s.late = l.seq)`},
	} {
		var n int64
		if err := p.journal.State().QueryRowContext(ctx, c.query).Scan(&n); err != nil {
			fail(c.of, err)
			continue
		}
		gauge(c.of, float64(n))
	}
	if free, err := room(p.opts.Dir); err != nil {
		fail(roomDesc, err)
	} else {
		gauge(roomDesc, float64(free))
	}
	lists, err := p.ListStates(ctx)
	if err != nil {
		fail(ageDesc, err)
	}
	for _, l := range lists {
		gauge(refusedDesc, truth(l.Refused != ""), string(l.ID))
		gauge(alertsDesc, float64(l.Alerts), string(l.ID))
		if l.Loaded != 0 {
			gauge(ageDesc, now.Sub(l.Loaded).Seconds(), string(l.ID))
		}
	}
	for _, c := range p.mirrorStatus() {
		gauge(missingDesc, float64(max(0, p.journal.Head().Size-c.Size)), c.Name)
		if c.Seen != 0 {
			gauge(silentDesc, max(0, now.Sub(c.Seen).Seconds()), c.Name)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// mirrorStatus says how far each mirror is.
func (p *Post) mirrorStatus() []mirror.Status {
	switch {
	case p.opts.Copies != nil:
		return p.opts.Copies()
	case p.pusher != nil:
		return p.pusher.Status()
	}
	return nil
}

// Health says how the node is. It holds nothing about a person.
func (p *Post) Health(ctx context.Context) api.Health {
	var h api.Health
	add := func(name string, fault error, says string) {
		c := api.HealthCheck{Name: name, Well: fault == nil, Says: says}
		if fault != nil {
			c.Says = fault.Error()
		}
		h.Checks = append(h.Checks, c)
	}
	size := p.journal.Head().Size
	add("journal", p.journal.Failure(), fmt.Sprintf("%d entries", size))
	add("lists", p.listsFault(ctx), "all are in force")
	free, err := room(p.opts.Dir)
	if err == nil && free < roomWanted {
		err = &marz.Error{Op: "disk", Fix: fmt.Sprintf("%d MB are free, and %d are wanted", free>>20, roomWanted>>20)}
	}
	add("disk", err, fmt.Sprintf("%d MB are free", free>>20))
	var doubt error
	if why := p.clocks(p.now()).Doubt(); why != "" {
		doubt = &marz.Error{Op: "clock", Fix: why}
	}
	add("clock", doubt, "its sources agree")
	var failing error
	for _, c := range p.mirrorStatus() {
		h.Mirrors = append(h.Mirrors, api.Mirror{Name: c.Name, Size: c.Size, Missing: max(0, size-c.Size), Cosigned: c.Cosigned, Seen: c.Seen, Failing: c.Failing, Ended: c.Ended})
		if c.Failing != 0 && !c.Ended {
			failing = &marz.Error{Op: "mirror", Subject: c.Name, Fix: "attempts have failed since " + c.Failing.String()}
		}
	}
	add("mirrors", failing, fmt.Sprintf("%d, none of which fails", len(h.Mirrors)))
	h.Well = !slices.ContainsFunc(h.Checks, func(c api.HealthCheck) bool { return !c.Well })
	return h
}

// listsFault says which list is not in force, or was refused when it was last read.
func (p *Post) listsFault(ctx context.Context) error {
	lists, err := p.ListStates(ctx)
	for _, l := range lists {
		switch {
		case l.Version == "" && l.Loaded == 0:
			return &marz.Error{Op: "list", Subject: string(l.ID), Fix: "none is in force"}
		case l.Refused != "":
			return &marz.Error{Op: "list", Subject: string(l.ID), Fix: "its last refresh was refused; the version before stays in force"}
		}
	}
	return err
}
