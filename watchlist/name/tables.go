package name

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
)

// probes are names of all scripts and kinds that this package tells apart. Their forms stand for those of all names in Tables.
const probes = `Anahit Sargsyan-Hovhannisyan; Mohammed Abd al-Rahman bin Yusuf; Jean-François d'Estaing; Müller Łukasz Øyvind Þór; O'Brien McDonald; Xiaoming Zhang Qiu;
Nguyễn Thị Hồng; Dzhugashvili Tchaikovsky Schtscherbakow; Ouadou Khoury Ghazali; Haji Sheikh Mullah Omar; Natsumezu Fuji Tsuchiya; Szczepan Czesław Gnocchi; X1Y2 O'0 17;
Александр Щербаков Юлия; Олександр Ґонта Їжакевич; محمد عبد الرحمن بن يوسف; رضا عبادی پور; فاطمة الزهراء; שרה כהן בן דוד; Անահիտ Սարգսյան Եղիշե; გიორგი ჭავჭავაძე; Γεώργιος Παπαδόπουλος;
अमित कुमार शर्मा; ছায়া বেগম; தமிழ் செல்வன்; సీతా రామ; ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ; ሀይሌ ገብረሥላሴ; สมชาย ใจดี; 김철수 이영희; 山田 太郎; やまだ タロウ ガギグ; 王小明; ﷺ ﬁ Ａｂｃ Ⅳ ٣٤`

// Tables returns a digest of how this package reads names: their parts, sounds and classes. What was built with other tables than these has to be built again.
func Tables() string { return tables() }

var tables = sync.OnceValue(func() string {
	h := sha256.New()
	h.Write([]byte(givenText))
	for s := range strings.SplitSeq(probes+givenText, ";") {
		for line := range strings.Lines(s) {
			for _, p := range Split(line, len(line)) {
				of := Of(p)
				b := append([]byte(nil), of.Text...)
				b = append(append(append(b, 0), of.Sounds...), 0, of.Flags)
				b = binary.LittleEndian.AppendUint32(b, of.Mask)
				b = binary.LittleEndian.AppendUint32(b, of.Bones)
				h.Write(binary.LittleEndian.AppendUint32(b, uint32(of.Class)))
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
})

// Classes returns how many classes of given names there are. The Class of a Part is at most that.
func Classes() int { return len(given().classes) }
