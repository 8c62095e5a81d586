package address

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// heteronyms are the characters of place names that are read in more than one way: a name is found by each of its readings. The first is the
// commonest. 乐陵 is Làolíng, 费县 was Bìxiàn, 莘县 is Shēnxiàn and 莘庄 Xīnzhuāng, 洪洞 is Hóngtóng, 东阿 Dōng'ē.
var heteronyms = func() map[rune][]string {
	out := map[rune][]string{}
	for _, w := range strings.Fields(`乐le,lao,yue 莒ju 郯tan 朐qu 单shan,dan 长chang,zhang 重chong,zhong 行xing,hang 朝chao,zhao 都du,dou 大da,dai 会hui,kuai,gui 解jie,xie,hai
	曲qu 厦xia,sha 蔚wei,yu 尉wei,yu 盖gai,ge 费fei,bi 柞zuo,zha 番fan,pan 六liu,lu 泊bo,po 洞dong,tong 铅qian,yan 浚jun,xun 涡wo,guo 亳bo 牟mou,mu 莘shen,xin 圈quan,juan 堡bao,bu,pu
	圩wei,xu 阿a,e 石shi,dan 召zhao,shao 参can,shen 藏cang,zang 校xiao,jiao 传chuan,zhuan 种zhong,chong 仇qiu,chou 区qu,ou 查cha,zha 翟zhai,di 覃tan,qin 盛sheng,cheng 乘cheng,sheng 角jiao,jue
	柏bai,bo 落luo,lao,la 露lu,lou 薄bo,bao 巷xiang,hang 万wan,mo 冯feng,ping 洗xi,xian 繁fan,po 浒hu,xu 渑mian,sheng 隗wei,kui 歙she,xi 枞zong,cong 蚌beng,bang 漯luo,ta 荥xing,ying 陂bei,pi,po
	莞guan,wan 埔pu,bu 涌yong,chong 泷long,shuang 珲hun,hui 什shi,shen 台tai 茌chi 鄄juan 郓yun 兖yan 峄yi 沭shu 邳pi 睢sui 盱xu 眙yi 弄nong,long 晟sheng,cheng 燕yan 观guan 冠guan 车che,ju 壳ke,qiao
	率lv,shuai 南nan,na 约yue 折she,zhe 纪ji 祭ji,zhai 员yuan,yun 郇xun,huan 郗xi,chi 瓦wa 塔ta 鹄hu,gu 枸gou,ju 钻zuan 似si,shi 说shuo,yue 夏xia 葛ge 佛fo,fu 伽jia,qie 卜bu,bo 系xi,ji 血xue,xie`) {
		r := []rune(w)
		out[r[0]] = strings.Split(string(r[1:]), ",")
	}
	return out
}()

// reader knows how characters are read. It remembers what it was asked, and belongs to one goroutine.
type reader map[rune][]string

var plain = pinyin.NewArgs() // without tones, one reading

// of gives the readings of a character; a letter or a digit is its own; nil: none.
func (k reader) of(r rune) []string {
	if s, ok := k[r]; ok {
		return s
	}
	var s []string
	switch {
	case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		s = []string{string(r)}
	case heteronyms[r] != nil:
		s = heteronyms[r]
	case unicode.Is(unicode.Han, r):
		for _, p := range pinyin.SinglePinyin(r, plain) {
			s = append(s, strings.ReplaceAll(p, "ü", "v"))
		}
	}
	k[r] = s
	return s
}

// spelled is one reading of a name: its syllables in one word, where each begins, and the initials.
type spelled struct {
	word     string
	starts   []uint16
	initials string
}

// spell gives the readings of a folded text, the commonest first; none when nothing in it is read in Chinese.
func (k reader) spell(text string, most int) []spelled {
	type part struct {
		spelled
		han bool
	}
	all := []part{{}}
	for _, r := range text {
		readings := k.of(r)
		if readings == nil {
			continue
		}
		next := make([]part, 0, len(all)*len(readings))
		for j := range readings {
			for _, a := range all {
				if j > 0 && len(next) >= most {
					break
				}
				starts := append(append(make([]uint16, 0, len(a.starts)+8), a.starts...), uint16(len(a.word)))
				next = append(next, part{spelled{a.word + readings[j], starts, a.initials + readings[j][:1]}, a.han || r > unicode.MaxASCII})
			}
		}
		all = next
	}
	if !all[0].han {
		return nil
	}
	out := make([]spelled, len(all))
	for i, a := range all {
		out[i] = a.spelled
	}
	return out
}
