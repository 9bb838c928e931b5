package nation

import (
	"context"
	"database/sql"
	"encoding/csv"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"marz"
)

// Exported is one crossing as it leaves the headquarters: without a digest, a number or an officer, its instant cut to the hour. docs/spec/crossings-export.md has the columns. The tags are those of Parquet.
type Exported struct {
	Post        string `parquet:"post,dict"`
	Hour        int64  `parquet:"hour,timestamp(millisecond),delta"`
	Direction   string `parquet:"direction,dict"`
	Verdict     string `parquet:"verdict,dict"`
	Decision    string `parquet:"decision,dict"`
	Reason      string `parquet:"reason,dict"`
	Authority   string `parquet:"authority,dict"`
	Nationality string `parquet:"nationality,dict"`
}

// Columns are the names of the columns of an export, in order.
var Columns = []string{"post", "hour", "direction", "verdict", "decision", "reason", "authority", "nationality"}

// ExportQuestion is which crossings are exported.
type ExportQuestion struct {
	From, Until marz.Instant // until is exclusive
	Few         int          // a nationality with fewer crossings at a post in all the time is written "other"; 0: FewCrossings
}

// FewCrossings is how many crossings a nationality needs at a post, so that it stands in an export.
const FewCrossings = 10

// otherNationality stands for all that are few, and unknown for those of whom no payload is held.
const (
	otherNationality   = "other"
	unknownNationality = "unknown"
)

// Export gives all crossings that were decided in the time, of one post after the other. It holds one row at a time.
func (x *Index) Export(ctx context.Context, q ExportQuestion, do func(Exported) error) error {
	if q.Few == 0 {
		q.Few = FewCrossings
	}
	names, err := x.names(ctx)
	if err != nil {
		return x.failed("export crossings", err)
	}
	type origin struct {
		id   int64
		name string
	}
	var origins []origin
	err = x.all(ctx, func(rows *sql.Rows) error {
		var o origin
		err := rows.Scan(&o.id, &o.name)
		origins = append(origins, o)
		return err
	}, `SELECT id, name FROM n_origin ORDER BY name`)
	for _, o := range origins {
		if err != nil {
			break
		}
		post := o.name
		if p := names[o.id]; p != nil && p.Post.ID != "" {
			post = string(p.Post.ID)
		}
		err = x.exportPost(ctx, q, o.id, post, do)
	}
	return x.failed("export crossings", err)
}

func (x *Index) exportPost(ctx context.Context, q ExportQuestion, origin int64, post string, do func(Exported) error) error {
	many := map[string]bool{}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var nationality string
		var n int
		err := rows.Scan(&nationality, &n)
		many[nationality] = n >= q.Few
		return err
	}, `SELECT nationality, count(*) FROM n_crossing WHERE origin = ? AND ended >= ? AND ended < ? AND state = 3 GROUP BY nationality`, origin, int64(q.From), int64(q.Until))
	if err != nil {
		return err
	}
	return x.all(ctx, func(rows *sql.Rows) error {
		var ended int64
		var direction, verdict, decision int
		e := Exported{Post: post}
		if err := rows.Scan(&ended, &direction, &verdict, &decision, &e.Reason, &e.Authority, &e.Nationality); err != nil {
			return err
		}
		e.Hour, e.Direction, e.Verdict, e.Decision = ended/3600e3*3600e3, string(directions[direction]), string(verdicts[verdict]), string(decisions[decision])
		switch {
		case e.Nationality == "":
			e.Nationality = unknownNationality
		case !many[e.Nationality]:
			e.Nationality = otherNationality
		}
		return do(e)
	}, `SELECT ended, direction, verdict, decision, reason, authority, nationality FROM n_crossing WHERE origin = ? AND ended >= ? AND ended < ? AND state = 3 ORDER BY ended`, origin, int64(q.From), int64(q.Until))
}

// ExportCSV writes an export as CSV (RFC 4180) with a line of names first.
func (x *Index) ExportCSV(ctx context.Context, q ExportQuestion, w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(Columns); err != nil {
		return written(err)
	}
	err := x.Export(ctx, q, func(e Exported) error {
		hour := marz.Instant(e.Hour).In(time.UTC).Format("2006-01-02T15:04:05Z")
		return written(c.Write([]string{e.Post, hour, e.Direction, e.Verdict, e.Decision, e.Reason, e.Authority, e.Nationality}))
	})
	if err != nil {
		return err
	}
	c.Flush()
	return written(c.Error())
}

// rowGroup is how many rows are in memory at once while Parquet is written.
const rowGroup = 1 << 16

// ExportParquet writes an export as Apache Parquet, compressed by Zstandard.
func (x *Index) ExportParquet(ctx context.Context, q ExportQuestion, w io.Writer) error {
	p := parquet.NewGenericWriter[Exported](w, parquet.Compression(&parquet.Zstd))
	buffer, inGroup := make([]Exported, 0, 1024), 0
	flush := func() error {
		_, err := p.Write(buffer)
		inGroup += len(buffer)
		if buffer = buffer[:0]; err == nil && inGroup >= rowGroup {
			inGroup, err = 0, p.Flush()
		}
		return written(err)
	}
	err := x.Export(ctx, q, func(e Exported) error {
		if buffer = append(buffer, e); len(buffer) == cap(buffer) {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	return written(p.Close())
}

func written(err error) error {
	if err == nil {
		return nil
	}
	return &marz.Error{Op: "export crossings", Fix: "it could not be written: begin again", Err: err}
}
