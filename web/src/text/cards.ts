// First-aid cards of the caller's page: all of them in the page itself, so that they are there without a network. Written for people
// without training, from the guidelines named with each; a city's medical director approves them before they are used.
import type { Lang } from './t';

const cpr2025 = 'AHA 2025 CPR & ECC';
const aid2024 = 'AHA / Red Cross 2024 First Aid';

export interface Card {
  id: string;
  source: string;
  /** With the beat for chest compressions. */
  beat?: boolean;
  zh: CardText;
  en: CardText;
}
export interface CardText {
  title: string;
  /** How to know it. */
  sign?: string;
  steps: string[];
  never?: string;
}

export const cards: Card[] = [
  {
    id: 'cpr_adult',
    source: cpr2025,
    beat: true,
    zh: {
      title: '成人心肺复苏',
      sign: '叫不醒，没有呼吸或只是偶尔喘一口',
      steps: [
        '让患者平躺，跪在旁边。不要浪费时间搬动',
        '一手掌根放在胸口正中，另一手叠上去，手臂伸直',
        '用力快压：深 5–6 厘米，每分钟 100–120 次，每次让胸口完全弹回',
        '会人工呼吸：每压 30 次吹 2 口气。不会：一直压',
        '有人就每 2 分钟换手。让人去拿 AED，拿到立即打开，听它说',
      ],
      never: '不要停，直到急救人员接手或患者醒来',
    },
    en: {
      title: 'CPR, adult',
      sign: 'No response, and no breathing or only gasps',
      steps: [
        'Lay them flat and kneel beside. Do not lose time moving them',
        'Heel of one hand on the middle of the chest, other hand on top, arms straight',
        'Push hard and fast: 5–6 cm deep, 100–120 a minute, let the chest come up fully',
        'If trained: 2 breaths after every 30 pushes. If not: only push',
        'Change every 2 minutes. Send someone for an AED, switch it on and follow it',
      ],
      never: 'Do not stop until the crew takes over or they wake',
    },
  },
  {
    id: 'cpr_child',
    source: cpr2025,
    beat: true,
    zh: {
      title: '儿童心肺复苏（1 岁到青春期）',
      sign: '叫不醒，没有呼吸或只是喘气',
      steps: [
        '让孩子平躺在硬处',
        '一只手（或两只手）掌根放在胸口正中',
        '压下胸部厚度的三分之一，约 5 厘米，每分钟 100–120 次',
        '每压 30 次，捏住鼻子、口对口吹 2 口气，看到胸口抬起',
        '不会吹气就一直压。有 AED 立即用',
      ],
      never: '不要停，直到急救人员接手或孩子醒来',
    },
    en: {
      title: 'CPR, child (1 year to puberty)',
      sign: 'No response, and no breathing or only gasps',
      steps: [
        'Lay the child flat on something firm',
        'Heel of one hand (or two) on the middle of the chest',
        'Push down a third of the chest, about 5 cm, 100–120 a minute',
        'After 30 pushes: pinch the nose, 2 breaths, see the chest rise',
        'If you cannot give breaths, only push. Use an AED at once',
      ],
      never: 'Do not stop until the crew takes over or the child wakes',
    },
  },
  {
    id: 'cpr_infant',
    source: cpr2025,
    beat: true,
    zh: {
      title: '婴儿心肺复苏（1 岁以下）',
      sign: '拍脚底没反应，没有呼吸或只是喘气',
      steps: [
        '让婴儿平躺在硬处',
        '用一只手掌根压，或双手环抱胸部用两个拇指压，位置在两乳头连线稍下的正中',
        '压下胸部厚度的三分之一，约 4 厘米，每分钟 100–120 次',
        '每压 30 次，用嘴罩住口和鼻，轻吹 2 口气，看到胸口抬起',
      ],
      never: '不要摇晃婴儿。不要停，直到急救人员接手',
    },
    en: {
      title: 'CPR, infant (under 1 year)',
      sign: 'No response to a tap on the foot, no breathing or only gasps',
      steps: [
        'Lay the infant flat on something firm',
        'Push with the heel of one hand, or both thumbs with hands around the chest, just below the line of the nipples',
        'Push down a third of the chest, about 4 cm, 100–120 a minute',
        'After 30 pushes: mouth over mouth and nose, 2 gentle breaths, see the chest rise',
      ],
      never: 'Never shake an infant. Do not stop until the crew takes over',
    },
  },
  {
    id: 'choking',
    source: cpr2025,
    zh: {
      title: '气道梗阻（噎住）',
      sign: '不能说话、不能咳嗽、抓喉咙、脸发紫',
      steps: [
        '还能用力咳：鼓励他咳，不要拍',
        '咳不出：让他弯腰，用掌根在两肩胛骨之间用力拍 5 下',
        '再从身后抱住，拳头放在肚脐上方，向内向上猛推 5 下',
        '拍 5 下、推 5 下轮流做，直到吐出。孕妇或很胖的人改推胸口',
        '1 岁以下：趴在前臂上头低，拍背 5 下；翻过来，掌根压胸 5 下，轮流做',
        '失去反应：放平，立即做心肺复苏',
      ],
      never: '看不见异物，不要用手指乱抠。婴儿不要推肚子',
    },
    en: {
      title: 'Choking',
      sign: 'Cannot speak or cough, holds the throat, turns blue',
      steps: [
        'Still coughs strongly: let them cough, do not hit',
        'Cannot cough: bend them forward, 5 hard blows between the shoulder blades with the heel of your hand',
        'Then from behind: fist above the navel, pull in and up hard, 5 times',
        '5 blows and 5 thrusts in turn until it comes out. Pregnant or very large: thrust the chest',
        'Under 1 year: face down on your arm, head low, 5 back blows; turn over, 5 chest thrusts with the heel of one hand; in turn',
        'No response: lay flat, start CPR at once',
      ],
      never: 'Do not search with a finger for what you cannot see. No belly thrusts for infants',
    },
  },
  {
    id: 'bleeding',
    source: aid2024,
    zh: {
      title: '大出血',
      sign: '血流不止、喷出或湿透衣服',
      steps: [
        '用干净的布或手，用力直接压住出血处，一直压',
        '血湿透就再加布，不要揭开',
        '手脚大出血压不住：在伤口上方（靠近心脏）5–8 厘米处绑止血带，记下时间',
        '躺平，保暖',
      ],
      never: '不要拔出插着的东西。绑上的止血带不要松开',
    },
    en: {
      title: 'Heavy bleeding',
      sign: 'Blood that does not stop, spurts, or soaks clothes',
      steps: [
        'Press hard on the wound with cloth or your hand, and keep pressing',
        'Soaked? Put more on top, do not take it off',
        'Arm or leg, still bleeding: tourniquet 5–8 cm above the wound, towards the heart; note the time',
        'Lay flat, keep warm',
      ],
      never: 'Do not pull out what sticks in. Do not loosen a tourniquet',
    },
  },
  {
    id: 'stroke',
    source: aid2024,
    zh: {
      title: '卒中（中风）',
      sign: '一看脸：嘴歪；二看臂：抬不起；三听话：说不清',
      steps: [
        '有一样就是：马上告诉 120',
        '记住最后一次正常的时间，告诉急救人员',
        '让患者躺下，头稍高；呕吐就侧躺',
        '解开衣领，准备好身份证和正在吃的药',
      ],
      never: '不要喂水、喂饭、喂药，不要给阿司匹林，不要放血扎针',
    },
    en: {
      title: 'Stroke',
      sign: 'Face droops, an arm sinks, speech is unclear',
      steps: [
        'One of these is enough: tell 120 now',
        'Remember when they were last well, and tell the crew',
        'Lay them down, head a little raised; on the side if they vomit',
        'Open the collar; have papers and present medicines ready',
      ],
      never: 'No water, food or medicine, no aspirin',
    },
  },
  {
    id: 'chest_pain',
    source: aid2024,
    zh: {
      title: '胸痛',
      sign: '胸口压着疼、闷，可到胳膊、下巴、后背，出冷汗',
      steps: [
        '马上停下，坐着或半躺，不要走动',
        '解开衣领，开窗通风，陪着他',
        '医生开过的急救药，按医嘱帮他服用。阿司匹林先问 120',
        '叫不醒、没有呼吸：立即做心肺复苏',
      ],
      never: '不要自己开车去医院，不要让他走路上楼',
    },
    en: {
      title: 'Chest pain',
      sign: 'Pressure or pain in the chest, to arm, jaw or back, cold sweat',
      steps: [
        'Stop at once; sit or half lie, do not walk',
        'Open the collar, let air in, stay with them',
        'Help with emergency medicine that a doctor prescribed. Ask 120 before aspirin',
        'No response and no breathing: start CPR at once',
      ],
      never: 'Do not drive to hospital yourself, no walking, no stairs',
    },
  },
  {
    id: 'seizure',
    source: aid2024,
    zh: {
      title: '抽搐',
      sign: '全身发硬、抖动、叫不应',
      steps: [
        '移开周围硬物，头下垫软的东西',
        '看表，记下抽了多久',
        '停止后让他侧躺，看着呼吸',
        '抽超过 5 分钟、反复抽、或停后不醒：告诉 120',
        '没有呼吸：立即做心肺复苏',
      ],
      never: '不要按住他，不要往嘴里塞任何东西，不要掐人中',
    },
    en: {
      title: 'Seizure',
      sign: 'Whole body stiff and shaking, no answer',
      steps: [
        'Clear hard things away, something soft under the head',
        'Look at the time: how long does it last',
        'When it stops: on the side, watch the breathing',
        'Longer than 5 minutes, again and again, or no waking: tell 120',
        'Not breathing: start CPR at once',
      ],
      never: 'Do not hold them down, put nothing in the mouth',
    },
  },
  {
    id: 'burns',
    source: aid2024,
    zh: {
      title: '烧烫伤',
      steps: [
        '离开火和热水；着火就倒地打滚或用湿布盖灭',
        '马上用流动的凉水冲，冲 20 分钟',
        '冲的时候摘掉戒指、手表，脱掉没粘住的衣服',
        '用保鲜膜或干净的布松松盖上，其他地方保暖',
        '化学品：一直用大量水冲。触电：先断电再碰他',
      ],
      never: '不要用冰，不要抹牙膏、酱油、药膏，不要挑破水泡，不要撕粘住的衣服',
    },
    en: {
      title: 'Burns',
      steps: [
        'Away from fire and hot water; if clothes burn: down and roll, or cover with wet cloth',
        'Cool running water at once, for 20 minutes',
        'Meanwhile take off rings and watch, and clothes that do not stick',
        'Cover loosely with cling film or clean cloth; keep the rest warm',
        'Chemicals: keep rinsing. Electricity: power off before you touch',
      ],
      never: 'No ice, no toothpaste or ointment, do not open blisters, do not tear off what sticks',
    },
  },
  {
    id: 'labour',
    source: 'WHO 2015 PCPNC; AHA 2025',
    zh: {
      title: '临产（快要生了）',
      sign: '阵痛很密，想用力，能看见孩子的头',
      steps: [
        '让她侧躺或半躺，铺干净的布，洗手',
        '孩子的头出来：用手托住，不要拉',
        '孩子出来：马上擦干，放在妈妈胸口，皮肤贴皮肤，盖上毛巾',
        '不哭：擦背、弹脚底。没有呼吸：做婴儿心肺复苏',
        '脐带不要急着剪，等急救人员。胎盘出来一起留着',
        '妈妈出血多：用力揉肚脐下方，告诉 120',
      ],
      never: '不要拉孩子和脐带，不要按压肚子催产，不要憋着不让生',
    },
    en: {
      title: 'Labour (the baby is coming)',
      sign: 'Pains close together, she wants to push, the head is seen',
      steps: [
        'On her side or half lying, clean cloths under her, wash hands',
        'The head comes: support it, do not pull',
        'The baby is out: dry at once, on the mother’s chest, skin to skin, cover both',
        'Does not cry: rub the back, flick the soles. Not breathing: infant CPR',
        'Leave the cord to the crew. Keep the placenta',
        'Mother bleeds much: rub firmly below the navel, tell 120',
      ],
      never: 'Do not pull baby or cord, do not press the belly, do not hold the birth back',
    },
  },
];

export function cardText(card: Card, lang: Lang): CardText {
  return lang === 'zh' ? card.zh : card.en;
}
