package draw

import (
	"math/rand/v2"
	"strings"
)

// name is a name as it is written, in English, and in pinyin.
type name struct{ zh, en, pinyin string }

// sounds says how the characters of our made-up names are read. Characters with more than one reading are left out.
const sounds = `文wén 兴xīng 华huá 民mín 平píng 安ān 康kāng 福fú 寿shòu 宁níng 泰tài 昌chāng 荣róng 光guāng 明míng 辉huī 金jīn 银yín 玉yù 珠zhū 柳liǔ 松sōng 柏bǎi
桃táo 李lǐ 杏xìng 梅méi 兰lán 竹zhú 菊jú 荷hé 莲lián 枫fēng 桐tóng 槐huái 榆yú 杨yáng 青qīng 翠cuì 碧bì 清qīng 澄chéng 春chūn 秋qiū 阳yáng 月yuè 星xīng 云yún
霞xiá 海hǎi 河hé 湖hú 溪xī 泉quán 山shān 岭lǐng 峰fēng 石shí 沙shā 滨bīn 江jiāng 学xué 书shū 诗shī 墨mò 仁rén 义yì 礼lǐ 智zhì 信xìn 德dé 善shàn 孝xiào 忠zhōng 诚chéng
勤qín 新xīn 建jiàn 工gōng 农nóng 商shāng 开kāi 创chuàng 业yè 科kē 技jì 育yù 才cái 英yīng 龙lóng 凤fèng 鹤hè 鹿lù 雁yàn 燕yàn 鹏péng 和hé 瑞ruì 祥xiáng 吉jí 庆qìng
丰fēng 收shōu 景jǐng 秀xiù 锦jǐn 绣xiù 园yuán 林lín 田tián 麦mài 谷gǔ 禾hé 香xiāng 芳fāng 茂mào 广guǎng 宏hóng 远yuǎn 通tōng 达dá 顺shùn 利lì 永yǒng 恒héng 升shēng 旭xù 东dōng
西xī 南nán 北běi 中zhōng 人rén 岚lán 汀tīng 州zhōu 岸àn 关guān 沙shā 洲zhōu 环huán 城chéng 王wáng 张zhāng 刘liú 陈chén 赵zhào 孙sūn 周zhōu 吴wú 徐xú 马mǎ 高gāo 郭guō 何hé 罗luó
宋sòng 梁liáng 许xǔ 韩hán 冯féng 邓dèng 彭péng 程chéng 袁yuán 潘pān 董dǒng 蒋jiǎng 蔡cài 贾jiǎ 魏wèi 薛xuē 叶yè 余yú 杜dù 戴dài 夏xià 钟zhōng 汪wāng 姜jiāng 范fàn 家jiā 庄zhuāng
沟gōu 埠bù 坡pō 店diàn 屯tún 集jí 铺pù 寨zhài 湾wān 桥qiáo 官guān 前qián 后hòu 上shàng 下xià 老lǎo 小xiǎo 路lù 街jiē 巷xiàng 道dào 线xiàn 村cūn 镇zhèn 区qū 县xiàn 市shì 院yuàn
医yī 站zhàn 校xiào 公gōng 第dì 一yī 二èr 三sān 四sì 五wǔ 六liù 七qī 八bā 九jiǔ 十shí 站zhàn 急jí 救jiù 大dà 场chǎng 广guǎng 馆guǎn 体tǐ 博bó 物wù 图tú 心xīn 速sù 绕rào 岱dài 铁tiě
初chū 台tái 库kù 水shuǐ 洪hóng 门mén 寺sì 塔tǎ 塘táng 堤dī 渡dù 口kǒu 坊fāng 井jǐng 虹hóng 彩cǎi 白bái 黄huáng 红hóng 紫zǐ 双shuāng 旺wàng 进jìn 步bù 团tuán 结jié 迎yíng 宾bīn 朝cháo
府fǔ 前qián 政zhèng 务wù 天tiān 地dì 凌líng 霄xiāo 逸yì 雅yǎ 静jìng 怡yí 悦yuè 乡xiāng 枣zǎo 栗lì 桑sāng 麻má 棉mián 稻dào 粮liáng 仓cāng 窑yáo 坝bà 滩tān 崖yá 峪yù 洼wā 岗gǎng 晖huī 花huā 鸣míng`

var reading = func() map[rune]string {
	m := map[rune]string{}
	for _, w := range strings.Fields(sounds) {
		r := []rune(w)
		m[r[0]] = string(r[1:])
	}
	return m
}()

var plain = strings.NewReplacer("ā", "a", "á", "a", "ǎ", "a", "à", "a", "ē", "e", "é", "e", "ě", "e", "è", "e", "ī", "i", "í", "i", "ǐ", "i", "ì", "i",
	"ō", "o", "ó", "o", "ǒ", "o", "ò", "o", "ū", "u", "ú", "u", "ǔ", "u", "ù", "u", "ǖ", "ü", "ǘ", "ü", "ǚ", "ü", "ǜ", "ü")

// pinyin spells out a name; a character without a reading is left as it is, which a test finds.
func pinyin(zh string) string {
	var out []string
	for _, r := range zh {
		if s, ok := reading[r]; ok {
			out = append(out, s)
		} else {
			out = append(out, string(r))
		}
	}
	return strings.Join(out, " ")
}

// latin is a name in Latin letters as street signs have it: one word.
func latin(zh string) string {
	s := plain.Replace(strings.ReplaceAll(pinyin(zh), " ", ""))
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// endings are the kinds of names, and how they read in English.
var endings = []struct{ zh, en string }{
	{"高速", " Expressway"}, {"大道", " Avenue"}, {"东路", " Rd East"}, {"西路", " Rd West"}, {"南路", " Rd South"}, {"北路", " Rd North"}, {"中路", " Rd Middle"}, {"路", " Rd"},
	{"大街", " Street"}, {"街", " St"}, {"巷", " Lane"}, {"线", " Line"}, {"村", " Village"}, {"镇", " Town"}, {"区", " District"}, {"县", " County"},
	{"公园", " Park"}, {"大桥", " Bridge"}, {"广场", " Square"}, {"河", " River"}, {"溪", " Brook"}, {"湖", " Lake"}, {"水库", " Reservoir"}, {"山", " Hill"},
}

func named(zh string) name {
	n := name{zh: zh, pinyin: pinyin(zh), en: latin(zh)}
	for _, e := range endings {
		if stem, ok := strings.CutSuffix(zh, e.zh); ok && stem != "" {
			n.en = latin(stem) + e.en
			break
		}
	}
	return n
}

// namer gives each name once.
type namer struct {
	rng  *rand.Rand
	used map[string]bool
}

var (
	first  = []rune("文兴华民平安康福宁泰昌荣光明金银玉柳松柏桃杏梅兰竹荷莲枫桐槐榆青翠碧清澄春秋云霞海湖溪泉石滨学诗墨仁义礼智信德善诚新建工创科育英龙凤鹤鹿雁鹏和瑞祥吉庆丰景锦香芳茂广宏远通达顺永恒升旭迎朝天凌逸雅怡双彩白红紫")
	second = []rune("文兴华民平安康福宁泰昌荣光明辉玉珠林园山河湖溪泉岭峰阳月星云霞海江学书业技才德善信义仁和祥瑞庆丰收秀绣田谷禾香芳茂远达利恒升旭台塘堤渡口坊井虹进步天静悦洲滨")
	people = []rune("王张刘陈赵孙周吴徐马高郭何罗宋梁许韩冯邓彭程袁潘董蒋蔡贾魏薛叶余杜戴夏钟汪姜范李杨")
	homes  = []string{"家庄", "家沟", "家埠", "家坡", "家店", "家屯", "家集", "家铺", "家寨", "家湾", "官庄", "家桥", "家洼", "家岗", "家峪", "家塘"}
)

func (n *namer) take(zh string) (name, bool) {
	if n.used[zh] {
		return name{}, false
	}
	n.used[zh] = true
	return named(zh), true
}

// stem is two characters that no other name has.
func (n *namer) stem() string {
	for {
		a, b := first[n.rng.IntN(len(first))], second[n.rng.IntN(len(second))]
		if s := string([]rune{a, b}); a != b && !n.used[s] {
			n.used[s] = true
			return s
		}
	}
}

func (n *namer) village() name {
	for {
		s := string(people[n.rng.IntN(len(people))]) + homes[n.rng.IntN(len(homes))]
		if n.rng.IntN(3) == 0 {
			s = string([]rune("东西南北前后上下大小老新")[n.rng.IntN(12)]) + s
		}
		if got, ok := n.take(s + "村"); ok {
			return got
		}
	}
}
