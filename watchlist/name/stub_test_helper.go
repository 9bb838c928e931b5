package name

func nativeSounds(string) (string, bool) { return "", false }
func Class(string) (int, bool, bool)     { return 0, false, false }
func IsParticle(string) bool             { return false }
func Forms(int) []string                 { return nil }
func Restore(string) []string            { return nil }
func Romanise(string) []string           { return nil }
func Commonness(string) float64          { return 0 }
