package hq

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what monitoring reads (the exposition format of Prometheus). Nothing in them is about a person, and no label names an officer or a program: labels are names of mirrored journals, the
// node's listeners and HTTP's codes, all of them few.
type metrics struct {
	hq       *HQ
	registry *prometheus.Registry
	requests *prometheus.CounterVec
}

var (
	sizeDesc     = prometheus.NewDesc("marz_journal_entries", "Entries of the headquarters' own journal.", nil, nil)
	upDesc       = prometheus.NewDesc("marz_up", "Whether the journal takes entries: 1, or 0 after the node has stopped.", nil, nil)
	databaseDesc = prometheus.NewDesc("marz_database_up", "Whether the database answered when it was last asked: 1 or 0.", nil, nil)
	heldDesc     = prometheus.NewDesc("marz_mirror_entries", "Entries that are held of a journal and cosigned.", []string{"origin"}, nil)
	comingDesc   = prometheus.NewDesc("marz_mirror_coming_entries", "Entries of a journal that are known to exist and are not held.", []string{"origin"}, nil)
	newestDesc   = prometheus.NewDesc("marz_mirror_newest_age_seconds", "Age of the newest entry that is held of a journal.", []string{"origin"}, nil)
	cosignedDesc = prometheus.NewDesc("marz_mirror_cosigned_age_seconds", "Since when no head of a journal was cosigned.", []string{"origin"}, nil)
	againstDesc  = prometheus.NewDesc("marz_mirror_evidence", "Pieces of evidence that stand against the node of a journal.", []string{"origin"}, nil)
	descriptions = []*prometheus.Desc{sizeDesc, upDesc, databaseDesc, heldDesc, comingDesc, newestDesc, cosignedDesc, againstDesc}
)

func newMetrics(h *HQ) *metrics {
	m := &metrics{hq: h, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "marz_requests_total", Help: "Requests that were answered since the node started, by listener and HTTP status."}, []string{"listener", "code"})}
	m.registry.MustRegister(m, m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// counted counts the answers of a listener.
func (m *metrics) counted(listener string, next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerCounter(m.requests.MustCurryWith(prometheus.Labels{"listener": listener}), next)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2, Timeout: 30 * time.Second})
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		to <- d
	}
}

// Collect implements prometheus.Collector. Where the database does not answer, that is said, and what is known without it is told all the same.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	h := m.hq
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopping)
	defer cancel()
	nodes, err := h.Overview(ctx)
	gauge(sizeDesc, float64(h.ledger.Head().Size))
	gauge(upDesc, truth(h.ledger.Failure() == nil))
	gauge(databaseDesc, truth(err == nil && h.ill.Load() == nil))
	now := h.opts.Clock()
	for _, n := range nodes {
		origin := string(n.Origin)
		gauge(heldDesc, float64(n.Held), origin)
		gauge(comingDesc, float64(n.Coming), origin)
		gauge(againstDesc, float64(len(n.Evidence)), origin)
		if n.Held > 0 {
			gauge(newestDesc, max(0, now.Sub(n.Newest).Seconds()), origin)
			gauge(cosignedDesc, max(0, now.Sub(n.Cosigned).Seconds()), origin)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
