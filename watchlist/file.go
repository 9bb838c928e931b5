package watchlist

type File struct{}
type Delta struct{}
