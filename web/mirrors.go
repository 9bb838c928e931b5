package web

import "marz"

// MirrorsBody is the body of the page that says where copies of the post's journal are kept, and how far they are. It holds no personal data.
type MirrorsBody struct {
	Size    int64 // entries of the journal
	Mirrors []MirrorRow
}

// How a mirror stands.
const (
	MirrorWhole  = "whole"  // it has everything that it is to have, but what is a minute old at most
	MirrorBehind = "behind" // it lacks some
	MirrorEnded  = "ended"  // its feed has ended, and it has everything up to there
	MirrorClosed = "closed" // no article gives its authority the journal
)

// MirrorRow is one mirror.
type MirrorRow struct {
	Name      string           // in its key
	Authority marz.AuthorityID // whose it is
	Address   string
	State     string
	Under     marz.ArticleRef   // the article that gives its authority the journal; none where it is closed or has ended
	Size      int64             // entries that it has acknowledged
	Goal      int64             // entries that it is to have
	Missing   int64             // of these
	Age       string            // of the first that it lacks, in words
	Last      marz.Instant      // of the newest acknowledgement, by the mirror's clock; zero: there is none
	Seen      marz.Instant      // when it last answered; zero: not since the post was started
	Failing   marz.Instant      // since when it has not been reached, or refuses
	Error     string            // why, in words
	Ended     marz.Seq          // the entry with which its feed ended
	Payloads  int64             // of entries below this seq the payloads that it may have are there
	Copies    []marz.ArticleRef // by which it may have another authority's
}
