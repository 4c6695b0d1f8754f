"""What text in each language looks like, letter by letter: the data that guessing rests on.

A codec is told from its neighbours by which letters its decoding gives: the right one gives those
of one language. The alphabets hold only what lies beyond ASCII.
"""

from __future__ import annotations

#: Letters of languages written in Latin script; after a space, those that are seldom met.
LATIN = {
    "German": "äöüß",
    "French": "àâçéèêëîïôùûœ æüÿ",
    "Spanish": "áéíñóúü",
    "Catalan": "àçéèíïóòúü",
    "Portuguese": "áâãçéêíóôú õàü",
    "Italian": "àèéìòù íóú",
    "Dutch": "éèëïö áêíóúü",
    "Swedish": "åäöé",
    "Danish": "æøå éö",
    "Finnish": "äö åšž",
    "Icelandic": "áðéíóúýþæö",
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž öü",
    "Slovak": "áäčéíľňóôšťúýž ďĺŕř",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîșțşţ",
    "Croatian": "čćđšž",
    "Turkish": "çğıİöşü âî",
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņšūž",
    "Estonian": "äöõüšž",
    "Welsh": "ŵŷâêîôûáëïö",
    #: Lists of people from several countries at once; counts for less than one language does.
    "Western": "àâäáãåæçèéêëìíîïñòóôõöøœùúûüýÿßšž",
}
#: Letters of other scripts: the frequent ones, then the rest.
OTHER = {
    "Russian": ("оеаинтсрвлкмдпуя", "ыьгзбчйхжшюцщэфъё"),
    "Ukrainian": ("оеаинтсрвлкмдпуія", "ьгзбчйхжшюцщфїєґ"),
    "Serbian": ("оеаинтсрвлкмдпуј", "гзбчхжшцфљњђћџ"),
    "Greek": ("αοιετσνηυρπκμλςίόάέή", "ωγθδχφβξζψύώϊϋΐΰ"),
    "Hebrew": ("יולהארמתבשנ", "דקחעפכסגזטצםןךףץ"),
    "Arabic": ("اليمنوترهبسدعةك", "فقحجشصطضخذزغثظءأإآئؤى"),
    "Thai": ("านรกอเงมยลวดทสตะปบคห", "แจพชขใไโซผธณฉญฐภศษฎฏฒฆถฝฟฬฮำิีึืุู่้๊๋์ั็ๅๆฯ"),
}
#: Characters that lists of people and firms are full of.
COMMON = {
    "Japanese": (
        "山田中村小林佐藤鈴木高橋伊渡辺斎加吉本松井大野上原東京都市区県株式会社電話番号氏名住所"
        "郵便男女様部課長営業担当日年月一二三子美太郎阪横浜名古屋福岡神奈川千葉埼玉町丁目清水森"
        "池石川前後藤岡島崎谷西南北内外和正明健智恵花真由香直樹裕介雄翔"
    ),
    "Simplified Chinese": (
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋"
        "北京上海广州深圳天津重庆杭成都武汉南京西安市区省县路街号公司有限责任科技电子商务股份集团"
        "姓名地址电话邮箱手机客户联系职位部门经理总监伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平"
    ),
    "Traditional Chinese": (
        "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能"
        "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余盧梁"
        "臺台北新竹中南高雄市區縣鄉鎮路街巷號樓公司有限股份科技電子姓名地址電話信箱手機客戶聯絡"
        "志明俊傑建宏家豪淑芬美玲雅婷怡君惠雯"
    ),
    "Korean": (
        "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채"
        "원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부시울로"
        "식회대광산동읍면리번호전화이름름주소회사메일직급과장팀준영수희숙자미연아람훈석철호태상혜"
    ),
}
#: Letters that only end a word.
FINAL = frozenset("ςםןץףך")
#: Signs that stand beside words in any language.
SIGNS = frozenset("’‘“”„‚–—…«»°€£§©®™·•\N{NO-BREAK SPACE}ºª½¼²³¿¡№、。・（）「」ー～　，：；")
