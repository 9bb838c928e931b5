package curve

import (
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/hex"
	"math/big"
	"testing"
)

func hexInt(t testing.TB, s string) *big.Int {
	t.Helper()
	v, ok := new(big.Int).SetString(s, 16)
	if !ok {
		t.Fatalf("%q is no hexadecimal number", s)
	}
	return v
}

// TestRFC6979 verifies the signatures of RFC 6979 A.2.3 to A.2.7, and finds their public keys from the private ones.
func TestRFC6979(t *testing.T) {
	for _, v := range []struct {
		curve, private, x, y, message string
		hash                          crypto.Hash
		r, s                          string
	}{
		{"P-192", "6fab034934e4c0fc9ae67f5b5659a9d7d1fefd187ee09fd4", "ac2c77f529f91689fea0ea5efec7f210d8eea0b9e047ed56", "3bc723e57670bd4887ebc732c523063d0a7c957bc97c1c43", "sample", crypto.SHA224,
			"a1f00dad97aeec91c95585f36200c65f3c01812aa60378f5", "e07ec1304c7c6c9debbe980b9692668f81d4de7922a0f97a"},
		{"P-192", "6fab034934e4c0fc9ae67f5b5659a9d7d1fefd187ee09fd4", "ac2c77f529f91689fea0ea5efec7f210d8eea0b9e047ed56", "3bc723e57670bd4887ebc732c523063d0a7c957bc97c1c43", "test", crypto.SHA256,
			"3a718bd8b4926c3b52ee6bbe67ef79b18cb6eb62b1ad97ae", "5662e6848a4a19b1f1ae2f72acd4b8bbe50f1eac65d9124f"},
		{"P-224", "f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1", "00cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6c", "eeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a", "sample", crypto.SHA224,
			"1cdfe6662dde1e4a1ec4cdedf6a1f5a2fb7fbd9145c12113e6abfd3e", "a6694fd7718a21053f225d3f46197ca699d45006c06f871808f43ebc"},
		{"P-224", "f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1", "00cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6c", "eeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a", "test", crypto.SHA256,
			"ad04dde87b84747a243a631ea47a1ba6d1faa059149ad2440de6fba6", "178d49b1ae90e3d8b629be3db5683915f4e8c99fdf6e666cf37adcfd"},
		{"P-256", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", "sample", crypto.SHA224,
			"53b2fff5d1752b2c689df257c04c40a587fababb3f6fc2702f1343af7ca9aa3f", "b9afb64fdc03dc1a131c7d2386d11e349f070aa432a4acc918bea988bf75c74c"},
		{"P-256", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", "test", crypto.SHA256,
			"f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367", "19f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
		{"P-384", "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13", "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720", "sample", crypto.SHA224,
			"42356e76b55a6d9b4631c865445dbe54e056d3b3431766d0509244793c3f9366450f76ee3de43f5a125333a6be060122", "9da0c81787064021e78df658f2fbb0b042bf304665db721f077a4298b095e4834c082c03d83028efbf93a3c23940ca8d"},
		{"P-384", "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13", "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720", "test", crypto.SHA384,
			"8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db", "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"},
		{"P-521", "0fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", "1894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4", "0493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5", "sample", crypto.SHA384,
			"1ea842a0e17d2de4f92c15315c63ddf72685c18195c2bb95e572b9c5136ca4b4b576ad712a52be9730627d16054ba40cc0b8d3ff035b12ae75168397f5d50c67451", "1f21a3cee066e1961025fb048bd5fe2b7924d0cd797babe0a83b66f1e35eeaf5fde143fa85dc394a7dee766523393784484bdf3e00114a1c857cde1aa203db65d61"},
		{"P-521", "0fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", "1894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4", "0493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5", "test", crypto.SHA512,
			"13e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca4166b2a7c6265ef0ce2bd7051b7cef945babd47ee6d", "1fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a19ca69eff5c57400e3b3a0ad66ce0978214d13baf4e9ac60752f7b155e2de4dce3"},
	} {
		t.Run(v.curve+" "+v.message, func(t *testing.T) {
			c := ByName(v.curve)
			key := Point{hexInt(t, v.x), hexInt(t, v.y)}
			if got, err := c.ScalarBaseMult(hexInt(t, v.private)); err != nil || !got.Equal(key) {
				t.Errorf("the public key is %v, %v; want %v", got, err, key)
			}
			h := v.hash.New()
			h.Write([]byte(v.message))
			if err := c.Verify(key, h.Sum(nil), hexInt(t, v.r), hexInt(t, v.s)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRFC7027 agrees on the secrets of RFC 7027 A.1 to A.3, from both sides.
func TestRFC7027(t *testing.T) {
	for _, v := range []struct{ curve, a, xA, yA, b, xB, yB, x, y string }{
		{"brainpoolP256r1",
			"81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
			"44106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5", "8ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc",
			"55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3",
			"8d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b", "990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a",
			"89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b", "49c27868f4eca2179bfd7d59b1e3bf34c1dbde61ae12931648f43e59632504de"},
		{"brainpoolP384r1",
			"1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6f15eb5d1ee1610df870795143627d042",
			"68b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885ab698c852d4a6e77a252d6380fcaf068", "55bc91a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493e0d038ff2fd30c2ab67d15c85f7faa59",
			"032640bc6003c59260f7250c3db58ce647f98e1260acce4acda3dd869f74e01f8ba5e0324309db6a9831497abac96670",
			"4d44326f269a597a5b58bba565da5556ed7fd9a8a9eb76c25f46db69d19dc8ce6ad18e404b15738b2086df37e71d1eb4", "62d692136de56cbe93bf5fa3188ef58bc8a3a0ec6c1e151a21038a42e9185329b5b275903d192f8d4e1f32fe9cc78c48",
			"0bd9d3a7ea0b3d519d09d8e48d0785fb744a6b355e6304bc51c229fbbce239bbadf6403715c35d4fb2a5444f575d4f42", "0df213417ebe4d8e40a5f76f66c56470c489a3478d146decf6df0d94bae9e598157290f8756066975f1db34b2324b7bd"},
		{"brainpoolP512r1",
			"16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59b09e80279609ff333eb9d4c061231fb26f92eeb04982a5f1d1764cad57665422",
			"0a420517e406aac0acdce90fcd71487718d3b953efd7fbec5f7f27e28c6149999397e91e029e06457db2d3e640668b392c2a7e737a7f0bf04436d11640fd09fd", "72e6882e8db28aad36237cd25d580db23783961c8dc52dfa2ec138ad472a0fcef3887cf62b623b2a87de5c588301ea3e5fc269b373b60724f5e82a6ad147fde7",
			"230e18e1bcc88a362fa54e4ea3902009292f7f8033624fd471b5d8ace49d12cfabbc19963dab8e2f1eba00bffb29e4d72d13f2224562f405cb80503666b25429",
			"9d45f66de5d67e2e6db6e93a59ce0bb48106097ff78a081de781cdb31fce8ccbaaea8dd4320c4119f1e9cd437a2eab3731fa9668ab268d871deda55a5473199f", "2fdc313095bcdd5fb3a91636f07a959c8e86b5636a1e930e8396049cb481961d365cc11453a06c719835475b12cb52fc3c383bce35e27ef194512b71876285fa",
			"a7927098655f1f9976fa50a9d566865dc530331846381c87256baf3226244b76d36403c024d7bbf0aa0803eaff405d3d24f11a9b5c0bef679fe1454b21c4cd1f", "7db71c3def63212841c463e881bdcf055523bd368240e6c3143bd8def8b3b3223b95e0f53082ff5e412f4222537a43df1c6d25729ddb51620a832be6a26680a2"},
	} {
		t.Run(v.curve, func(t *testing.T) {
			c := ByName(v.curve)
			a, b := hexInt(t, v.a), hexInt(t, v.b)
			keyA, keyB := Point{hexInt(t, v.xA), hexInt(t, v.yA)}, Point{hexInt(t, v.xB), hexInt(t, v.yB)}
			secret := Point{hexInt(t, v.x), hexInt(t, v.y)}
			want := func(what string, want Point) func(Point, error) {
				return func(got Point, err error) {
					if t.Helper(); err != nil || !got.Equal(want) {
						t.Errorf("%s is %v, %v; want %v", what, got, err, want)
					}
				}
			}
			want("key of A", keyA)(c.ScalarBaseMult(a))
			want("key of B", keyB)(c.ScalarBaseMult(b))
			want("secret of A", secret)(c.ScalarMult(a, keyB))
			want("secret of B", secret)(c.ScalarMult(b, keyA))
		})
	}
}

// TestGenericMapping computes the example of PACE with generic mapping in ICAO 9303-11 appendix G.1: the mapped generator s·G + H, and what
// terminal and chip agree on over it.
func TestGenericMapping(t *testing.T) {
	c := ByName("brainpoolP256r1")
	point := func(s string) Point {
		data, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	must := func(p Point, err error) Point {
		if t.Helper(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	nonce := hexInt(t, "3f00c4d39d153f2b2a214a078d899b22")
	mapping := hexInt(t, "7f4ef07b9ea82fd78ad689b38d0bc78cf21f249d953bc46f4c6e19259c010f99")
	chip := point("04824fba91c9cbe26bef53a0ebe7342a3bf178cea9f45de0b70aa601651fba3f5730d8c879aaa9c9f73991e61b58f4d52eb87a0a0c709a49dc63719363ccd13c54")
	h := must(c.ScalarMult(mapping, chip))
	if want := point("0460332ef2450b5d247ef6d3868397d398852ed6e8caf6ffeef6bf85ca57057fd50840ca7415baf3e43bd414d35aa4608b93a2caf3a4e3ea4e82c9c13d03eb7181"); !h.Equal(want) {
		t.Errorf("H is %v, want %v", h, want)
	}
	g := must(c.Add(must(c.ScalarBaseMult(nonce)), h))
	if want := point("048ced63c91426d4f0eb1435e7cb1d74a46723a0af21c89634f65a9ae87a9265e28c879506743f8611ac33645c5b985c80b5f09a0b83407c1b6a4d857ae76fe522"); !g.Equal(want) {
		t.Errorf("the mapped generator is %v, want %v", g, want)
	}
	private := hexInt(t, "a73fb703ac1436a18e0cfa5abb3f7bec7a070e7a6788486bee230c4a22762595")
	key := must(c.ScalarMult(private, g))
	if want := point("042db7a64c0355044ec9df190514c625cba2cea48754887122f3a5ef0d5edd301c3556f3b3b186df10b857b58f6a7eb80f20ba5dc7be1d43d9bf850149fbb36462"); !key.Equal(want) {
		t.Errorf("the terminal's key is %v, want %v", key, want)
	}
	ofChip := point("049e880f842905b8b3181f7af7caa9f0efb743847f44a306d2d28c1d9ec65df6db7764b22277a2eddc3c265a9f018f9cb852e111b768b326904b59a0193776f094")
	if want := hexInt(t, "28768d20701247dae81804c9e780ede582a9996db4a315020b2733197db84925"); must(c.ScalarMult(private, ofChip)).X.Cmp(want) != 0 {
		t.Error("the agreed secret is another than the appendix has")
	}
}
