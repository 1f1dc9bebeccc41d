"""Lexicon of the synthetic sample corpus: labs, case bundles, generic word lists.

Everything here was written for this project; no sentence was taken from a corpus.

Entities are written inline as ``{type:text}``, and nest: ``{dis:{bod:肺}癌}``. Lists are strings of items
parted by white space. Marks inside an item:

- a leading ``~`` holds the item out of the training part;
- ``@`` is 左 or 右, the same one throughout a sentence; ``«a|b»`` is a choice;
- a finding may start with the numbers of the examinations that show it (``12={sym:...}``);
- a trailing ``*`` on a symptom says that it takes a modifier (反复, 明显 ...);
- a drug is ``markup|dose|route|frequency``, a lab value ``forms|low|high|unit|sign`` (forms parted by ``/``).

Conventions of the annotation:

- Modifiers belong to the entity, and the bare entity inside is annotated too:
  ``{sym:阵发性{sym:{bod:腹}痛}}``, ``{dis:急性{dis:{bod:阑尾}炎}}``.
- Body parts are annotated inside diseases, symptoms and procedures wherever they name the site
  (肺炎, 头痛, 胸部CT), not in set words (胸闷, 心悸, 头晕, 心电图, 腹泻) nor in departments (肝病科).
- A test item followed by a value is ``ite``; the item with its change is ``sym`` around ``ite`` (血糖升高).
- Negated entities are annotated. Generic words (手术, 检查, 治疗, 药物, 感染, 症状) are not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One clinical picture: whatever fits together in a sentence about one patient or one disease."""

    name: str
    dis: str
    dep: str
    bod: str
    sym: str
    sign: str
    img: str
    find: str
    lab: str
    dru: str
    exam: str = ""
    op: str = ""
    equ: str = ""
    mic: str = ""
    cult: str = ""
    comp: str = ""
    trig: str = "无明显诱因"
    age: tuple[int, int] = (35, 78)
    sex: str = "男女"
    acute: bool = True
    held: bool = False
    """Held-out cases occur in the dev part only."""


LABS: dict[str, str] = {
    "WBC+": "{ite:白细胞}/{ite:{bod:白细胞}计数}/{ite:WBC}|11.2|19.8|×10^9/L|+",
    "WBC-": "{ite:白细胞}/{ite:{bod:白细胞}计数}/{ite:WBC}|1.6|3.4|×10^9/L|-",
    "N+": "{ite:中性粒细胞百分比}/{ite:中性粒细胞比例}/~{ite:NEUT%}|78.5|93.2|%|+",
    "EO+": "{ite:嗜酸性粒细胞百分比}/~{ite:嗜酸粒细胞比例}|6.1|14.8|%|+",
    "HB-": "{ite:血红蛋白}/{ite:Hb}/~{ite:HGB}|58|96|g/L|-",
    "PLT-": "{ite:血小板}/{ite:{bod:血小板}计数}/{ite:PLT}|8|76|×10^9/L|-",
    "CRP+": "{ite:CRP}/{ite:C反应蛋白}/~{ite:超敏C反应蛋白}|24.6|186.0|mg/L|+",
    "PCT+": "{ite:降钙素原}/{ite:PCT}|0.8|12.6|ng/mL|+",
    "ESR+": "{ite:血沉}/{ite:ESR}/~{ite:红细胞沉降率}|36|98|mm/h|+",
    "PO2-": "{ite:氧分压}/{ite:PaO2}|48|66|mmHg|-",
    "PCO2+": "{ite:二氧化碳分压}/~{ite:PaCO2}|52|78|mmHg|+",
    "IGE+": "{ite:总IgE}/{ite:{bod:血清}IgE}|210|860|IU/mL|+",
    "TNT+": "{ite:肌钙蛋白T}/{ite:肌钙蛋白I}/~{ite:高敏肌钙蛋白T}|0.32|8.60|ng/mL|+",
    "CKMB+": "{ite:肌酸激酶同工酶}/{ite:CK-MB}|42|210|U/L|+",
    "BNP+": "{ite:BNP}/{ite:NT-proBNP}/~{ite:脑钠肽}|920|8600|pg/mL|+",
    "DD+": "{ite:D-二聚体}/~{ite:D-Dimer}|1.8|9.6|mg/L|+",
    "AMY+": "{ite:{bod:血}淀粉酶}/{ite:淀粉酶}|420|1680|U/L|+",
    "LIP+": "{ite:脂肪酶}|560|2100|U/L|+",
    "TG+": "{ite:甘油三酯}/{ite:TG}|5.8|16.2|mmol/L|+",
    "LDL+": "{ite:低密度脂蛋白胆固醇}/{ite:LDL-C}|3.6|5.4|mmol/L|+",
    "ALT+": "{ite:谷丙转氨酶}/{ite:ALT}/~{ite:丙氨酸氨基转移酶}|76|480|U/L|+",
    "TB+": "{ite:总胆红素}/{ite:TBIL}|36.5|168.0|μmol/L|+",
    "ALB-": "{ite:白蛋白}/{ite:{bod:血清}白蛋白}|19.6|29.8|g/L|-",
    "PTA-": "{ite:凝血酶原活动度}/~{ite:PTA}|38|58|%|-",
    "CR+": "{ite:肌酐}/{ite:{bod:血}肌酐}/~{ite:Scr}|146|620|μmol/L|+",
    "UA+": "{ite:尿酸}/{ite:{bod:血}尿酸}|480|690|μmol/L|+",
    "UPRO+": "{ite:24小时{bod:尿}蛋白定量}/~{ite:{bod:尿}蛋白定量}|1.6|8.4|g|+",
    "UWBC+": "{ite:{bod:尿}白细胞}|45|380|/μL|+",
    "GLU+": "{ite:空腹血糖}/{ite:血糖}/~{ite:随机血糖}|8.6|21.4|mmol/L|+",
    "HBA1C+": "{ite:糖化{bod:血红蛋白}}/{ite:HbA1c}|7.8|12.4|%|+",
    "FT3+": "{ite:游离三碘甲状腺原氨酸}/{ite:FT3}|9.8|28.6|pmol/L|+",
    "FT4+": "{ite:FT4}/~{ite:游离甲状腺素}|32|86|pmol/L|+",
    "FT4-": "{ite:FT4}/{ite:游离甲状腺素}|3.2|7.8|pmol/L|-",
    "TSH-": "{ite:促{bod:甲状腺}激素}/{ite:TSH}|0.005|0.090|mIU/L|-",
    "TSH+": "{ite:促{bod:甲状腺}激素}/{ite:TSH}|18.6|96.0|mIU/L|+",
    "K-": "{ite:{bod:血}钾}|2.6|3.3|mmol/L|-",
    "NA-": "{ite:{bod:血}钠}|118|131|mmol/L|-",
    "CSFP+": "{ite:{bod:脑脊液}蛋白}|0.9|3.6|g/L|+",
    "CSFG-": "{ite:{bod:脑脊液}糖}|0.6|1.9|mmol/L|-",
    "FER-": "{ite:铁蛋白}/{ite:{bod:血清}铁蛋白}|2.6|9.8|μg/L|-",
    "MCV-": "{ite:平均{bod:红细胞}体积}/~{ite:MCV}|58|76|fL|-",
    "C3-": "{ite:补体C3}|0.22|0.58|g/L|-",
    "RF+": "{ite:类风湿因子}/{ite:RF}|68|420|IU/mL|+",
    "CEA+": "{ite:癌胚抗原}/{ite:CEA}|9.6|86.0|ng/mL|+",
    "CA199+": "{ite:CA19-9}/~{ite:糖类抗原19-9}|58|620|U/mL|+",
    "CA153+": "{ite:CA15-3}|42|180|U/mL|+",
    "LDH+": "{ite:乳酸脱氢酶}/{ite:LDH}|320|1260|U/L|+",
    "SCC+": "{ite:鳞状细胞癌抗原}/{ite:SCC}|3.2|24.8|ng/mL|+",
    "IOP+": "{ite:眼压}|32|58|mmHg|+",
}
"""Test items with a pathological range, the sign of the change ending the key."""

CASES: tuple[Case, ...] = (
    Case(
        "pneumonia",
        dis=(
            "{dis:{bod:肺}炎} {dis:社区获得性{dis:{bod:肺}炎}} {dis:重症{dis:{bod:肺}炎}} "
            "~{dis:大叶性{dis:{bod:肺}炎}} {dis:细菌性{dis:{bod:肺}炎}}"
        ),
        dep="{dep:呼吸内科} {dep:呼吸与危重症医学科}",
        bod="{bod:肺} {bod:肺泡} {bod:右肺下叶} ~{bod:肺间质}",
        sym="{sym:发热}* {sym:咳嗽}* {sym:咳黄脓痰} {sym:{bod:胸}痛}* {sym:寒战} {sym:气促}*",
        sign="{sym:{bod:@下肺}可闻及湿啰音} {sym:{bod:@肺}叩诊浊音} ~{sym:{bod:@下肺}语颤增强}",
        img="{pro:{bod:胸部}CT} {pro:{bod:胸部}X线片} {pro:胸片}",
        find=(
            "{sym:{bod:@肺下叶}斑片状高密度影} {sym:{bod:@肺}实变影} ~1={sym:{bod:@肺上叶}磨玻璃影} "
            "{sym:{bod:@侧胸腔}少量积液}"
        ),
        lab="WBC+ N+ CRP+ PCT+ PO2-",
        dru=(
            "{dru:莫西沙星}|0.4g|iv|qd {dru:头孢曲松}|2.0g|iv|qd {dru:阿奇霉素}|0.5g|iv|qd "
            "~{dru:厄他培南}|1.0g|iv|qd {dru:氨溴索}|30mg|iv|bid"
        ),
        exam="{pro:{bod:血}气分析} {pro:血常规} {pro:{bod:痰}涂片}",
        op="{pro:{equ:{bod:鼻}导管}吸氧} {pro:{equ:支气管镜}下{pro:{bod:肺泡}灌洗}}",
        equ="{equ:{bod:鼻}导管} {equ:{pro:雾化吸入}器}",
        mic="{mic:肺炎链球菌} {mic:流感嗜血杆菌} {mic:肺炎支原体} ~{mic:嗜肺军团菌}",
        cult="{pro:{bod:痰}培养} {pro:{bod:痰}宏基因组测序}",
        comp="{dis:{bod:肺}脓肿} {dis:脓{bod:胸}} {dis:呼吸衰竭} ~{dis:{mic:肺炎链球菌}{dis:败血症}}",
        trig="受凉后",
        age=(22, 80),
    ),
    Case(
        "copd",
        dis="{dis:慢性阻塞性{dis:{bod:肺}疾病}} {dis:慢阻肺} {dis:{dis:慢阻肺}急性加重} ~{dis:AECOPD}",
        dep="{dep:呼吸内科} {dep:呼吸与危重症医学科}",
        bod="{bod:气道} {bod:小气道} {bod:肺泡壁} {bod:支气管}",
        sym="{sym:咳嗽}* {sym:咳白色黏痰} {sym:活动后气促}* {sym:呼吸困难}* ~{sym:喘憋}*",
        sign=(
            "{sym:桶状{bod:胸}} {sym:{bod:双肺}呼吸音减弱} {sym:{bod:双肺}散在哮鸣音} "
            "~{sym:{bod:双肺}叩诊过清音}"
        ),
        img="{pro:{bod:胸部}CT} {pro:{bod:胸部}高分辨率CT}",
        find="{sym:{bod:双肺}透亮度增高} {sym:{bod:双肺}多发{bod:肺}大疱} ~{sym:{bod:支气管}壁增厚}",
        lab="PCO2+ PO2- N+ BNP+",
        dru=(
            "{dru:噻托溴铵}|18μg|inh|qd {dru:布地奈德}|2mg|inh|bid {dru:多索茶碱}|0.2g|iv|bid "
            "{dru:甲泼尼龙}|40mg|iv|qd {dru:左氧氟沙星}|0.5g|iv|qd"
        ),
        exam="{pro:{bod:肺}功能检查} {pro:{bod:血}气分析}",
        op="{pro:{equ:无创{equ:呼吸机}}辅助通气} {pro:低流量吸氧} ~{pro:经鼻高流量氧疗}",
        equ="{equ:无创{equ:呼吸机}} {equ:制氧机} {equ:{bod:肺}功能仪}",
        mic="{mic:流感嗜血杆菌} {mic:铜绿假单胞菌} {mic:卡他莫拉菌}",
        cult="{pro:{bod:痰}培养}",
        comp="{dis:{bod:肺}源性{dis:{bod:心脏}病}} {dis:Ⅱ型{dis:呼吸衰竭}} {dis:自发性{dis:气{bod:胸}}}",
        trig="受凉后",
        age=(55, 84),
        acute=False,
    ),
    Case(
        "asthma",
        dis=(
            "{dis:{bod:支气管}{dis:哮喘}} {dis:哮喘} {dis:{dis:{bod:支气管}{dis:哮喘}}急性发作} "
            "~{dis:咳嗽变异性{dis:哮喘}}"
        ),
        dep="{dep:呼吸内科} {dep:变态反应科}",
        bod="{bod:支气管} {bod:气道} {bod:{bod:支气管}平滑肌}",
        sym="{sym:喘息}* {sym:胸闷}* {sym:咳嗽}* {sym:呼吸困难}* {sym:夜间憋醒}",
        sign="{sym:{bod:双肺}满布哮鸣音} {sym:呼气相延长} ~{sym:三凹征}",
        img="{pro:胸片} {pro:{bod:胸部}CT}",
        find="{sym:{bod:双肺}纹理增多} {sym:{bod:双肺}过度充气}",
        lab="EO+ IGE+ PO2-",
        dru=(
            "{dru:沙丁胺醇}|100μg|inh|prn {dru:孟鲁司特钠}|10mg|po|qn {dru:布地奈德}|1mg|inh|bid "
            "~{dru:奥马珠单抗}|300mg|ih|qm"
        ),
        exam="{pro:{bod:支气管}激发试验} {pro:过敏原检测} ~{pro:{bod:支气管}舒张试验}",
        op="{pro:雾化吸入} {pro:{equ:{bod:鼻}导管}吸氧}",
        equ="{equ:峰流速仪} {equ:{pro:雾化吸入}器} {equ:储雾罐}",
        comp="{dis:气{bod:胸}} {dis:纵隔气肿} {dis:呼吸衰竭}",
        trig="接触花粉后",
        age=(12, 56),
    ),
    Case(
        "infarction",
        dis=(
            "{dis:急性{dis:{bod:心肌}梗死}} {dis:急性{bod:下壁}{dis:{bod:心肌}梗死}} "
            "{dis:冠状动脉粥样硬化性{dis:{bod:心脏}病}} {dis:冠心病} "
            "~{dis:急性{bod:前间壁}{dis:{bod:心肌}梗死}} {dis:不稳定型{dis:心绞痛}}"
        ),
        dep="{dep:心内科} {dep:CCU} {dep:胸痛中心}",
        bod="{bod:冠状动脉} {bod:左前降支} {bod:心肌} ~{bod:左回旋支}",
        sym=(
            "{sym:{bod:胸}痛}* {sym:{bod:胸骨后}压榨样疼痛} {sym:大汗} {sym:心悸}* {sym:{bod:左肩}放射痛} "
            "~{sym:濒死感}"
        ),
        sign="{sym:{bod:心尖部}第一心音低钝} {sym:心音低钝} {sym:{bod:双肺底}细湿啰音}",
        img="{pro:{bod:冠状动脉}造影} {pro:心电图} {pro:{bod:心脏}彩超} ~{pro:{bod:冠脉}CTA}",
        find=(
            "14={sym:{bod:左前降支}近段狭窄90%} 2={sym:Ⅱ、Ⅲ、aVF导联ST段抬高} 3={sym:{bod:左室下壁}运动减弱} "
            "~14={sym:{bod:右冠状动脉}中段闭塞}"
        ),
        lab="TNT+ CKMB+ LDL+",
        dru=(
            "{dru:阿司匹林}|100mg|po|qd {dru:替格瑞洛}|90mg|po|bid {dru:阿托伐他汀}|20mg|po|qn "
            "{dru:低分子{dru:肝素}}|4000IU|ih|q12h ~{dru:瑞舒伐他汀}|10mg|po|qn {dru:硝酸甘油}|0.5mg|sl|prn"
        ),
        exam="{pro:{bod:心肌}酶谱检查} {pro:18导联{pro:心电图}}",
        op=(
            "{pro:经皮{bod:冠状动脉}介入治疗} {pro:{bod:冠状动脉}{equ:支架}植入术} {pro:急诊{pro:PCI}} "
            "~{pro:{bod:冠状动脉}旁路移植术}"
        ),
        equ="{equ:药物洗脱{equ:支架}} {equ:除颤仪} {equ:心电监护仪} ~{equ:主动脉内球囊反搏泵}",
        comp="{dis:心源性休克} {dis:{bod:心室}颤动} {dis:{bod:室壁}瘤} ~{dis:{bod:乳头肌}断裂}",
        trig="劳累后",
        age=(45, 82),
    ),
    Case(
        "heartfailure",
        dis=(
            "{dis:慢性{dis:{bod:心}力衰竭}} {dis:{bod:心}力衰竭} {dis:心衰} {dis:急性{dis:{bod:左心}衰竭}} "
            "~{dis:全{dis:{bod:心}衰竭}}"
        ),
        dep="{dep:心内科} {dep:心血管内科} ~{dep:心衰中心}",
        bod="{bod:左心室} {bod:心肌} {bod:二尖瓣}",
        sym=(
            "{sym:呼吸困难}* {sym:{bod:双下肢}水肿}* {sym:端坐呼吸} {sym:乏力}* "
            "{sym:夜间阵发性{sym:呼吸困难}} ~{sym:少尿}"
        ),
        sign=(
            "{sym:{bod:颈静脉}怒张} {sym:{bod:双肺底}湿啰音} {sym:{bod:肝}颈静脉回流征阳性} "
            "~{sym:{bod:心尖部}舒张期奔马律}"
        ),
        img="{pro:{bod:心脏}彩超} {pro:{bod:心脏}超声} {pro:胸片}",
        find=(
            "12={sym:{bod:左室}扩大} 12={sym:{bod:左室}射血分数下降} 3={sym:{bod:肺}淤血} "
            "12={sym:{bod:二尖瓣}中度反流} ~3={sym:{bod:心影}增大}"
        ),
        lab="BNP+ NA- CR+",
        dru=(
            "{dru:呋塞米}|20mg|iv|qd {dru:螺内酯}|20mg|po|qd {dru:沙库巴曲缬沙坦}|50mg|po|bid "
            "{dru:地高辛}|0.125mg|po|qd {dru:达格列净}|10mg|po|qd ~{dru:伊伐布雷定}|5mg|po|bid"
        ),
        exam="{pro:6分钟步行试验} {pro:心电图}",
        op="{pro:{bod:心脏}再同步化治疗} {pro:{equ:无创{equ:呼吸机}}辅助通气}",
        equ="{equ:起搏器} {equ:心电监护仪} ~{equ:植入式心律转复除颤器}",
        comp="{dis:心源性休克} {dis:{bod:肝}淤血} {dis:心{bod:肾}综合征} {dis:{bod:室}性心动过速}",
        trig="劳累后",
        age=(52, 86),
        acute=False,
    ),
    Case(
        "atrialfib",
        dis="{dis:{bod:心房}颤动} {dis:房颤} {dis:阵发性{dis:{bod:心房}颤动}} ~{dis:持续性{dis:房颤}}",
        dep="{dep:心内科} {dep:心血管内科}",
        bod="{bod:左心房} {bod:左心耳} {bod:肺静脉}",
        sym="{sym:心悸}* {sym:头晕}* {sym:胸闷}* {sym:乏力}*",
        sign="{sym:心律绝对不齐} {sym:脉搏短绌} {sym:第一心音强弱不等}",
        img="{pro:动态{pro:心电图}} {pro:心电图} {pro:经{bod:食管}超声心动图}",
        find="12={sym:P波消失} 3={sym:{bod:左房}增大} ~3={sym:{bod:左心耳}内血栓} 12={sym:RR间期绝对不等}",
        lab="DD+ BNP+",
        dru=(
            "{dru:利伐沙班}|15mg|po|qd {dru:华法林}|2.5mg|po|qd {dru:胺碘酮}|0.2g|po|tid "
            "~{dru:达比加群酯}|110mg|po|bid {dru:美托洛尔}|25mg|po|bid"
        ),
        exam="{pro:凝血功能检测} {pro:{bod:甲状腺}功能检查}",
        op="{pro:射频{equ:导管}消融术} {pro:电复律} ~{pro:{bod:左心耳}封堵术}",
        equ="{equ:消融{equ:导管}} {equ:除颤仪} {equ:心电监护仪}",
        comp="{dis:{bod:脑}栓塞} {dis:心衰} {dis:{bod:下肢动脉}栓塞}",
        age=(48, 84),
        acute=False,
    ),
    Case(
        "pancreatitis",
        dis=(
            "{dis:急性{dis:{bod:胰腺}炎}} {dis:重症急性{dis:{bod:胰腺}炎}} {dis:{bod:胰腺}炎} "
            "~{dis:{bod:胆}源性{dis:{bod:胰腺}炎}}"
        ),
        dep="{dep:消化内科} {dep:ICU} ~{dep:肝胆胰外科}",
        bod="{bod:胰腺} {bod:胰管} {bod:胰尾} ~{bod:胰周脂肪间隙}",
        sym=(
            "{sym:{bod:上腹}痛}* {sym:{bod:上腹部}束带样疼痛} {sym:恶心} {sym:呕吐}* {sym:{bod:腹}胀}* "
            "~{sym:{bod:腰背部}放射痛}"
        ),
        sign="{sym:{bod:上腹部}压痛} {sym:{bod:腹肌}紧张} {sym:肠鸣音减弱} ~{sym:Grey-Turner征}",
        img="{pro:{bod:上腹部}增强CT} {pro:{bod:腹部}B超} {pro:{bod:腹部}CT}",
        find="{sym:{bod:胰腺}肿胀} {sym:{bod:胰周}渗出} ~13={sym:{bod:胰头}区低密度影} {sym:{bod:腹腔}积液}",
        lab="AMY+ LIP+ WBC+ TG+ CRP+",
        dru=(
            "{dru:生长抑素}|3mg|ivp|q12h {dru:乌司他丁}|10万U|iv|bid {dru:奥美拉唑}|40mg|iv|q12h "
            "~{dru:亚胺培南}|0.5g|iv|q8h"
        ),
        exam="{pro:血生化检查} {pro:{bod:血}气分析}",
        op="{pro:{bod:胃}肠减压} {pro:经皮{bod:腹腔}穿刺引流术} ~{pro:持续血液滤过}",
        equ="{equ:{bod:胃}管} {equ:{bod:腹腔}引流管} {equ:鼻空肠管}",
        comp="{dis:{bod:胰腺}假性囊肿} {dis:麻痹性{dis:{bod:肠}梗阻}} {dis:急性呼吸窘迫综合征}",
        trig="饱餐及饮酒后",
        age=(26, 70),
    ),
    Case(
        "ulcer",
        dis=(
            "{dis:消化性溃疡} {dis:{bod:胃}溃疡} {dis:{bod:十二指肠}溃疡} {dis:{mic:幽门螺杆菌}感染} "
            "{dis:{mic:幽门螺杆菌}相关性{dis:{bod:胃}炎}} ~{dis:{bod:胃}{dis:{bod:十二指肠}复合性溃疡}}"
        ),
        dep="{dep:消化内科} {dep:消化科}",
        bod="{bod:胃窦} {bod:胃黏膜} {bod:十二指肠球部} ~{bod:胃角}",
        sym="{sym:{bod:上腹部}烧灼痛} {sym:反酸}* {sym:嗳气}* {sym:黑便} {sym:{bod:上腹}隐痛}* ~{sym:呕血}",
        sign="{sym:{bod:剑突下}压痛} {sym:{bod:睑结膜}苍白}",
        img="{pro:{bod:胃}镜} {pro:{equ:{bod:胃}镜}检查} {pro:电子{pro:{bod:胃}镜}}",
        find=(
            "{sym:{bod:胃窦}黏膜充血水肿} {sym:{bod:十二指肠球部}溃疡形成} {sym:{bod:胃角}糜烂} "
            "~{sym:{bod:胃体}大弯侧糜烂}"
        ),
        lab="HB-",
        dru=(
            "{dru:奥美拉唑}|20mg|po|bid {dru:雷贝拉唑}|10mg|po|bid {dru:阿莫西林}|1.0g|po|bid "
            "{dru:克拉霉素}|0.5g|po|bid {dru:枸橼酸铋钾}|0.6g|po|bid ~{dru:伏诺拉生}|20mg|po|qd"
        ),
        exam="{pro:13C尿素呼气试验} {pro:{bod:粪便}隐血试验} {pro:{bod:胃黏膜}活检}",
        op="{pro:{equ:{bod:胃}镜}下止血术}",
        equ="{equ:{bod:胃}镜} {equ:活检钳}",
        mic="{mic:幽门螺杆菌}",
        cult="{pro:{bod:胃黏膜}培养} {pro:快速尿素酶试验}",
        comp=(
            "{dis:{bod:上消化道}出血} {dis:{bod:幽门}梗阻} {dis:{bod:胃}穿孔} "
            "~{dis:瘢痕性{dis:{bod:幽门}狭窄}}"
        ),
        age=(20, 68),
        acute=False,
    ),
    Case(
        "cirrhosis",
        dis=(
            "{dis:{bod:肝}硬化} {dis:乙型{dis:{bod:肝}炎}后{dis:{bod:肝}硬化}} "
            "{dis:失代偿期{dis:{bod:肝}硬化}} {dis:慢性{dis:乙型{dis:{bod:肝}炎}}} "
            "~{dis:酒精性{dis:{bod:肝}硬化}}"
        ),
        dep="{dep:肝病科} {dep:感染科} {dep:消化内科}",
        bod="{bod:肝脏} {bod:门静脉} {bod:脾} {bod:食管下段}",
        sym=(
            "{sym:{bod:腹}胀}* {sym:乏力}* {sym:{bod:皮肤}黄染} {sym:纳差}* {sym:{bod:牙龈}出血} "
            "~{sym:{bod:鼻}出血}"
        ),
        sign=(
            "{sym:{bod:肝}掌} {sym:移动性浊音阳性} {sym:{bod:腹壁静脉}曲张} ~{sym:蜘蛛痣} "
            "{sym:{bod:脾}肋下3cm可触及}"
        ),
        img="{pro:{bod:腹部}B超} {pro:{bod:上腹部}增强CT}",
        find=(
            "{sym:{bod:肝}表面不光滑} {sym:{bod:脾}大} {sym:{bod:门静脉}增宽} {sym:{bod:腹腔}大量积液} "
            "~{sym:{bod:肝右叶}萎缩}"
        ),
        lab="ALB- TB+ ALT+ PTA- PLT-",
        dru=(
            "{dru:恩替卡韦}|0.5mg|po|qn {dru:螺内酯}|40mg|po|bid {dru:人血{dru:白蛋白}}|10g|iv|qd "
            "~{dru:丙酚替诺福韦}|25mg|po|qd"
        ),
        exam="{pro:乙肝五项检测} {pro:{bod:腹水}常规}",
        op=(
            "{pro:{bod:腹腔}穿刺术} {pro:{equ:{bod:胃}镜}下{pro:{bod:食管静脉}曲张套扎术}} "
            "~{pro:经{bod:颈静脉}{bod:肝}内门体分流术}"
        ),
        equ="{equ:三腔二囊管} {equ:{bod:腹腔}引流管}",
        mic="{mic:乙型肝炎病毒} {mic:HBV}",
        comp=(
            "{dis:{bod:肝}性脑病} {dis:自发性细菌性{dis:{bod:腹膜}炎}} {dis:{bod:食管胃底静脉}曲张破裂出血} "
            "~{dis:{bod:肝}{bod:肾}综合征}"
        ),
        age=(40, 72),
        acute=False,
    ),
    Case(
        "appendicitis",
        dis=(
            "{dis:急性{dis:{bod:阑尾}炎}} {dis:{bod:阑尾}炎} {dis:急性化脓性{dis:{bod:阑尾}炎}} "
            "~{dis:坏疽性{dis:{bod:阑尾}炎}}"
        ),
        dep="{dep:普外科} {dep:胃肠外科}",
        bod="{bod:阑尾} {bod:回盲部} {bod:右下腹}",
        sym="{sym:转移性{sym:{bod:右下腹}痛}} {sym:{bod:右下腹}疼痛}* {sym:恶心} {sym:呕吐}* {sym:发热}*",
        sign=(
            "{sym:{bod:麦氏点}压痛} {sym:{bod:右下腹}反跳痛} {sym:{bod:腹肌}紧张} "
            "~{sym:{bod:结肠}充气试验阳性}"
        ),
        img="{pro:{bod:下腹部}CT} {pro:{bod:阑尾}超声} {pro:{bod:腹部}B超}",
        find="{sym:{bod:阑尾}增粗} {sym:{bod:阑尾}腔内粪石影} ~1={sym:{bod:回盲部}脂肪间隙模糊}",
        lab="WBC+ N+ CRP+",
        dru="{dru:头孢呋辛}|1.5g|iv|q12h {dru:甲硝唑}|0.5g|iv|q8h {dru:奥硝唑}|0.5g|iv|q12h",
        exam="{pro:血常规} {pro:尿常规}",
        op=(
            "{pro:{equ:{bod:腹腔}镜}下{pro:{bod:阑尾}切除术}} {pro:{bod:阑尾}切除术} "
            "~{pro:{bod:腹腔}冲洗引流}"
        ),
        equ="{equ:{bod:腹腔}镜} {equ:{bod:腹腔}引流管} ~{equ:超声刀}",
        mic="{mic:大肠埃希菌} {mic:脆弱拟杆菌}",
        cult="{pro:{bod:脓液}培养} {pro:{bod:腹腔}引流液培养}",
        comp=(
            "{dis:{bod:阑尾}周围脓肿} {dis:弥漫性{dis:{bod:腹膜}炎}} {dis:粘连性{dis:{bod:肠}梗阻}} "
            "~{dis:{bod:门静脉}炎}"
        ),
        age=(9, 52),
    ),
    Case(
        "cholecystitis",
        dis=(
            "{dis:急性{dis:{bod:胆囊}炎}} {dis:{bod:胆囊}结石} {dis:{bod:胆总管}结石} "
            "{dis:{dis:{bod:胆囊}结石}伴{dis:慢性{dis:{bod:胆囊}炎}}} ~{dis:急性化脓性{dis:{bod:胆管}炎}}"
        ),
        dep="{dep:肝胆外科} {dep:普外科}",
        bod="{bod:胆囊} {bod:胆总管} {bod:胆囊颈} ~{bod:肝内胆管}",
        sym=(
            "{sym:{bod:右上腹}疼痛}* {sym:{bod:右上腹}绞痛}* {sym:厌油} {sym:发热}* {sym:恶心} "
            "~{sym:{bod:右肩背部}牵涉痛}"
        ),
        sign="{sym:{bod:右上腹}压痛} {sym:Murphy征阳性} {sym:{bod:巩膜}黄染}",
        img="{pro:{bod:腹部}B超} {pro:MRCP} {pro:{bod:肝胆}超声}",
        find=(
            "{sym:{bod:胆囊}壁增厚} 13={sym:{bod:胆囊}内多发强回声} {sym:{bod:胆总管}扩张} "
            "~{sym:{bod:胆囊颈}部结石嵌顿}"
        ),
        lab="WBC+ TB+ ALT+ CRP+",
        dru="{dru:头孢哌酮舒巴坦}|3.0g|iv|q12h {dru:山莨菪碱}|10mg|im|st {dru:熊去氧胆酸}|250mg|po|bid",
        exam="{pro:{bod:肝}功能检查} {pro:血常规}",
        op=(
            "{pro:{equ:{bod:腹腔}镜}下{pro:{bod:胆囊}切除术}} {pro:经皮经{bod:肝}{bod:胆囊}穿刺引流术} "
            "~{pro:{bod:胆总管}切开取石术}"
        ),
        equ="{equ:T管} {equ:{bod:腹腔}镜} {equ:{bod:十二指肠}镜}",
        mic="{mic:大肠埃希菌} {mic:肺炎克雷伯菌}",
        cult="{pro:{bod:胆汁}培养} {pro:{bod:血}培养}",
        comp="{dis:{bod:胆囊}穿孔} {dis:{bod:胆}源性{dis:{bod:胰腺}炎}} {dis:感染性休克}",
        trig="进食油腻食物后",
        age=(28, 76),
    ),
    Case(
        "colitis",
        dis="{dis:溃疡性{dis:{bod:结肠}炎}} {dis:炎症性{dis:{bod:肠}病}} {dis:重度溃疡性{dis:{bod:结肠}炎}}",
        dep="{dep:消化内科} {dep:炎症性肠病中心}",
        bod="{bod:结肠} {bod:直肠} {bod:肠黏膜} ~{bod:乙状结肠}",
        sym="{sym:黏液脓血便} {sym:腹泻}* {sym:里急后重} {sym:{bod:左下腹}隐痛}* {sym:消瘦}*",
        sign="{sym:{bod:左下腹}压痛} {sym:肠鸣音亢进}",
        img="{pro:{bod:结肠}镜} {pro:{equ:{bod:结肠}镜}检查}",
        find=(
            "{sym:{bod:直肠}黏膜弥漫性充血} {sym:{bod:结肠}多发糜烂} ~{sym:{bod:乙状结肠}浅溃疡} "
            "{sym:{bod:结肠}袋消失}"
        ),
        lab="ESR+ CRP+ HB- ALB-",
        dru=(
            "{dru:美沙拉嗪}|1.0g|po|tid {dru:柳氮磺吡啶}|1.0g|po|tid {dru:泼尼松}|40mg|po|qd "
            "~{dru:维得利珠单抗}|300mg|iv|q8w"
        ),
        exam="{pro:{bod:粪便}培养} {pro:便常规}",
        op="{pro:保留灌肠} {pro:全{pro:{bod:结肠}切除术}}",
        equ="{equ:{bod:结肠}镜} {equ:灌肠器}",
        comp="{dis:中毒性{dis:巨{bod:结肠}}} {dis:{bod:下消化道}出血} {dis:{bod:肠}穿孔}",
        age=(20, 60),
        acute=False,
    ),
    Case(
        "diabetes",
        dis=(
            "{dis:2型{dis:糖尿病}} {dis:糖尿病} {dis:{dis:糖尿病}{bod:肾}病} "
            "{dis:{dis:糖尿病}周围{bod:神经}病变} ~{dis:{dis:糖尿病}足}"
        ),
        dep="{dep:内分泌科} {dep:内分泌代谢科}",
        bod="{bod:胰岛} {bod:{bod:胰岛}β细胞} {bod:视网膜} ~{bod:周围神经}",
        sym="{sym:多饮} {sym:多尿}* {sym:口干}* {sym:体重下降}* {sym:{bod:双足}麻木}* ~{sym:视物模糊}*",
        sign="{sym:{bod:双足背动脉}搏动减弱} {sym:{bod:足部}痛觉减退}",
        img="{pro:{bod:眼底}照相} {pro:{bod:下肢血管}超声} {pro:{bod:神经}传导速度测定}",
        find=(
            "1={sym:{bod:视网膜}微血管瘤} 2={sym:{bod:下肢动脉}多发斑块} ~3={sym:{bod:胫神经}传导减慢} "
            "3={sym:{bod:腓总神经}传导减慢}"
        ),
        lab="GLU+ HBA1C+ LDL+ UPRO+",
        dru=(
            "{dru:二甲双胍}|0.5g|po|tid {dru:门冬{dru:胰岛素}}|8U|ih|tid {dru:甘精{dru:胰岛素}}|14U|ih|qn "
            "{dru:阿卡波糖}|50mg|po|tid {dru:达格列净}|10mg|po|qd ~{dru:司美格鲁肽}|0.5mg|ih|qw"
        ),
        exam="{pro:口服{dru:葡萄糖}耐量试验} {pro:{bod:尿}微量白蛋白检测}",
        op="{pro:{equ:{dru:胰岛素}泵}持续皮下输注} {pro:动态{ite:血糖}监测}",
        equ="{equ:{ite:血糖}仪} {equ:{dru:胰岛素}泵} {equ:{dru:胰岛素}注射笔}",
        comp="{dis:{dis:糖尿病}酮症酸中毒} {dis:{dis:糖尿病}{bod:视网膜}病变} ~{dis:高渗性高血糖状态}",
        age=(38, 76),
        acute=False,
    ),
    Case(
        "hyperthyroidism",
        dis="{dis:甲亢} {dis:{bod:甲状腺}功能亢进症} {dis:毒性弥漫性{dis:{bod:甲状腺}肿}} {dis:Graves病}",
        dep="{dep:内分泌科} {dep:核医学科}",
        bod="{bod:甲状腺} {bod:甲状腺滤泡} {bod:眼外肌}",
        sym="{sym:怕热多汗} {sym:心悸}* {sym:易饥多食} {sym:{bod:手}抖}* {sym:消瘦}* ~{sym:烦躁易怒}",
        sign=(
            "{sym:{bod:甲状腺}Ⅱ度肿大} {sym:{bod:眼球}突出} {sym:{bod:甲状腺}可闻及血管杂音} "
            "~{sym:{bod:上睑}退缩}"
        ),
        img="{pro:{bod:甲状腺}B超} {pro:{bod:甲状腺}核素显像} {pro:{bod:颈部}彩超}",
        find=(
            "{sym:{bod:甲状腺}弥漫性肿大} 13={sym:{bod:甲状腺}血流丰富} ~13={sym:{bod:甲状腺@叶}结节} "
            "2={sym:{bod:甲状腺}摄取弥漫性增高}"
        ),
        lab="FT3+ FT4+ TSH- WBC-",
        dru="{dru:甲巯咪唑}|10mg|po|tid {dru:丙硫氧嘧啶}|100mg|po|tid {dru:普萘洛尔}|10mg|po|tid",
        exam="{pro:{bod:甲状腺}摄碘率测定} {pro:{bod:甲状腺}功能检查}",
        op="{pro:131I治疗} {pro:{bod:甲状腺}次全切除术}",
        comp=(
            "{dis:{dis:甲亢}危象} {dis:{dis:甲亢}性{dis:{bod:心脏}病}} {dis:粒细胞缺乏症} "
            "~{dis:低钾性周期性麻痹}"
        ),
        age=(20, 58),
        acute=False,
    ),
    Case(
        "gout",
        dis=(
            "{dis:痛风} {dis:急性{dis:{dis:痛风}性{dis:{bod:关节}炎}}} {dis:高{bod:尿酸}血症} "
            "~{dis:{dis:痛风}石}"
        ),
        dep="{dep:风湿免疫科} {dep:内分泌科}",
        bod="{bod:第一跖趾关节} {bod:滑膜} {bod:踝关节}",
        sym="{sym:{bod:@足第一跖趾关节}红肿热痛} {sym:{bod:@踝关节}疼痛}* {sym:{bod:关节}活动受限}",
        sign="{sym:{bod:@足背}皮温升高} {sym:{bod:@第一跖趾关节}压痛} ~{sym:{bod:耳廓}痛风石}",
        img="{pro:{bod:关节}超声} {pro:双能CT} {pro:{bod:@足}X线片}",
        find=(
            "1={sym:{bod:滑膜}增厚} 3={sym:{bod:@第一跖骨头}穿凿样骨质破坏} ~1={sym:{bod:关节}双轨征} "
            "2={sym:{bod:@第一跖趾关节}{bod:尿酸}盐沉积}"
        ),
        lab="UA+ ESR+ CRP+ CR+",
        dru=(
            "{dru:秋水仙碱}|0.5mg|po|bid {dru:非布司他}|40mg|po|qd {dru:别嘌醇}|0.1g|po|tid "
            "{dru:依托考昔}|120mg|po|qd ~{dru:苯溴马隆}|50mg|po|qd"
        ),
        exam="{pro:{bod:关节液}偏振光镜检} {pro:{bod:血}生化检查}",
        op="{pro:{bod:关节腔}穿刺抽液} {pro:局部冷敷}",
        comp="{dis:{bod:尿酸}性{dis:{bod:肾}病}} {dis:{bod:肾}结石}",
        trig="饮酒并进食海鲜后",
        age=(30, 68),
        sex="男",
    ),
    Case(
        "nephrotic",
        dis=(
            "{dis:{bod:肾}病综合征} {dis:慢性{dis:{bod:肾小球}肾炎}} {dis:膜性{dis:{bod:肾}病}} "
            "{dis:慢性{dis:{bod:肾}脏病}} ~{dis:IgA{dis:{bod:肾}病}}"
        ),
        dep="{dep:肾内科} {dep:血液净化中心}",
        bod="{bod:肾小球} {bod:双肾} {bod:肾小管} ~{bod:{bod:肾小球}基底膜}",
        sym=(
            "{sym:泡沫尿} {sym:{bod:双下肢}水肿}* {sym:{bod:颜面部}水肿}* {sym:尿量减少} {sym:乏力}* "
            "~{sym:肉眼血尿}"
        ),
        sign="{sym:{bod:双下肢}凹陷性水肿} {sym:{bod:眼睑}浮肿} ~{sym:{bod:腰骶部}水肿}",
        img="{pro:{bod:双肾}B超} {pro:{bod:泌尿系}超声}",
        find="{sym:{bod:双肾}皮质回声增强} {sym:{bod:双肾}体积缩小} ~{sym:{bod:皮髓质}分界不清}",
        lab="UPRO+ ALB- CR+ TG+",
        dru=(
            "{dru:泼尼松}|50mg|po|qd {dru:环磷酰胺}|0.8g|iv|qm {dru:他克莫司}|1mg|po|bid "
            "{dru:缬沙坦}|80mg|po|qd ~{dru:利妥昔单抗}|1.0g|iv|st"
        ),
        exam="{pro:{bod:肾}穿刺活检} {pro:尿常规}",
        op="{pro:血液透析} {pro:{bod:腹膜}透析} ~{pro:{bod:肾}移植术}",
        equ="{equ:透析器} {equ:{bod:腹膜}透析管} {equ:穿刺针}",
        comp="{dis:{bod:肾静脉}血栓形成} {dis:急性{dis:{bod:肾}损伤}} {dis:尿毒症}",
        age=(18, 66),
        acute=False,
    ),
    Case(
        "uti",
        dis=(
            "{dis:{bod:尿路}感染} {dis:急性{dis:{bod:肾盂}{dis:{bod:肾}炎}}} "
            "~{dis:复杂性{dis:{bod:尿路}感染}}"
        ),
        dep="{dep:泌尿外科} {dep:肾内科}",
        bod="{bod:膀胱} {bod:肾盂} {bod:尿道} ~{bod:膀胱三角区}",
        sym="{sym:尿频}* {sym:尿急}* {sym:尿痛}* {sym:{bod:@侧腰}痛}* {sym:发热}* {sym:寒战}",
        sign="{sym:{bod:@肾区}叩击痛} {sym:{bod:耻骨上}压痛} ~{sym:{bod:输尿管点}压痛}",
        img="{pro:{bod:泌尿系}超声} {pro:{bod:双肾}B超} {pro:{bod:泌尿系}CT}",
        find="{sym:{bod:@肾盂}轻度分离} {sym:{bod:膀胱}壁毛糙}",
        lab="UWBC+ WBC+ CRP+ PCT+",
        dru=(
            "{dru:左氧氟沙星}|0.5g|po|qd {dru:磷霉素氨丁三醇}|3.0g|po|st {dru:头孢曲松}|2.0g|iv|qd "
            "~{dru:呋喃妥因}|100mg|po|bid"
        ),
        exam="{pro:尿常规} {pro:尿沉渣镜检}",
        op="{pro:留置导尿} {pro:{bod:膀胱}冲洗}",
        equ="{equ:导尿管} {equ:{bod:膀胱}镜}",
        mic="{mic:大肠埃希菌} {mic:奇异变形杆菌} {mic:粪肠球菌} ~{mic:腐生葡萄球菌}",
        cult="{pro:{bod:清洁中段尿}培养} {pro:{bod:尿}培养}",
        comp="{dis:{bod:肾}周脓肿} {dis:{bod:尿}源性{dis:脓毒症}} ~{dis:{bod:肾乳头}坏死}",
        age=(20, 72),
        sex="女",
    ),
    Case(
        "stroke",
        dis=(
            "{dis:{bod:脑}梗死} {dis:急性{dis:{bod:脑}梗死}} {dis:急性缺血性{dis:{bod:脑}卒中}} "
            "{dis:{bod:@侧基底节区}{dis:{bod:脑}梗死}} ~{dis:{bod:脑干}梗死}"
        ),
        dep="{dep:神经内科} {dep:卒中中心} {dep:康复医学科}",
        bod="{bod:大脑中动脉} {bod:基底节区} {bod:脑组织} ~{bod:颈内动脉}",
        sym=(
            "{sym:{bod:@侧肢体}无力}* {sym:言语不清}* {sym:{bod:口角}歪斜} {sym:饮水呛咳} {sym:头晕}* "
            "~{sym:{bod:@侧肢体}麻木}*"
        ),
        sign=(
            "{sym:{bod:@侧上肢}肌力3级} {sym:@侧Babinski征阳性} {sym:{bod:@侧鼻唇沟}变浅} "
            "~{sym:伸{bod:舌}偏斜}"
        ),
        img="{pro:{bod:头颅}MRI} {pro:{bod:头颅}CT} {pro:{bod:头颈}CTA} ~{pro:{bod:颅脑}DWI}",
        find=(
            "2={sym:{bod:基底节区}片状低密度影} 3={sym:{bod:大脑中动脉}M1段狭窄} "
            "14={sym:{bod:放射冠区}高信号} ~14={sym:{bod:脑桥}弥散受限}"
        ),
        lab="LDL+ GLU+ DD+",
        dru=(
            "{dru:阿替普酶}|50mg|iv|st {dru:氯吡格雷}|75mg|po|qd {dru:阿托伐他汀}|40mg|po|qn "
            "{dru:依达拉奉}|30mg|iv|bid ~{dru:丁苯酞}|25mg|iv|bid"
        ),
        exam="{pro:NIHSS评分} {pro:洼田饮水试验}",
        op="{pro:静脉溶栓} {pro:机械取栓术} ~{pro:{bod:颈动脉}{equ:支架}置入术}",
        equ="{equ:取栓{equ:支架}} {equ:{bod:鼻胃}管} ~{equ:踝足矫形器}",
        comp="{dis:吸入性{dis:{bod:肺}炎}} {dis:症状性{dis:癫痫}} {dis:{bod:下肢深静脉}血栓形成}",
        age=(50, 86),
    ),
    Case(
        "ich",
        dis=(
            "{dis:{bod:脑}出血} {dis:{dis:高血压}性{dis:{bod:脑}出血}} {dis:{bod:@侧丘脑}出血} "
            "~{dis:{bod:小脑}出血}"
        ),
        dep="{dep:神经外科} {dep:急诊科} {dep:神经重症监护室}",
        bod="{bod:丘脑} {bod:脑室} {bod:脑实质}",
        sym="{sym:{bod:头}痛}* {sym:喷射性{sym:呕吐}} {sym:意识障碍} {sym:{bod:@侧肢体}偏瘫} ~{sym:鼾式呼吸}",
        sign="{sym:{bod:@侧瞳孔}散大} {sym:{bod:颈}抵抗} {sym:{bod:双侧瞳孔}对光反射迟钝}",
        img="{pro:{bod:头颅}CT} {pro:CT}",
        find="{sym:{bod:@侧丘脑}高密度影} {sym:{bod:中线结构}移位} ~{sym:{bod:脑室}铸型}",
        lab="WBC+ GLU+ NA-",
        dru="{dru:甘露醇}|125mL|iv|q8h {dru:乌拉地尔}|25mg|ivp|st {dru:尼莫地平}|10mg|ivp|qd",
        exam="{pro:GCS评分} {pro:凝血功能检测}",
        op="{pro:{bod:颅内}血肿清除术} {pro:{bod:侧脑室}穿刺引流术} ~{pro:去{bod:骨瓣}减压术}",
        equ="{equ:{bod:脑室}引流管} {equ:颅内压监护仪} {equ:呼吸机}",
        comp="{dis:{bod:脑}疝} {dis:应激性溃疡} {dis:{bod:肺}部感染}",
        trig="情绪激动时",
        age=(45, 80),
    ),
    Case(
        "epilepsy",
        dis="{dis:癫痫} {dis:{bod:颞叶}{dis:癫痫}} {dis:{dis:癫痫}持续状态} ~{dis:全面强直阵挛性{dis:癫痫}}",
        dep="{dep:神经内科} {dep:小儿神经科} ~{dep:癫痫中心}",
        bod="{bod:颞叶} {bod:海马} {bod:大脑皮质}",
        sym="{sym:{bod:四肢}抽搐}* {sym:意识丧失} {sym:{bod:口}吐白沫} {sym:{bod:双眼}上翻} ~{sym:愣神}*",
        sign="{sym:{bod:舌}咬伤} {sym:{bod:四肢}肌张力增高}",
        img="{pro:{bod:头颅}MRI} {pro:视频{pro:脑电图}} {pro:脑电图}",
        find=(
            "1={sym:{bod:@侧海马}萎缩} 23={sym:{bod:@侧颞区}棘慢波发放} ~1={sym:{bod:额叶}局灶性皮质发育不良}"
        ),
        lab="GLU+ NA-",
        dru=(
            "{dru:丙戊酸钠}|0.5g|po|bid {dru:左乙拉西坦}|0.5g|po|bid {dru:地西泮}|10mg|ivp|st "
            "{dru:卡马西平}|0.1g|po|bid ~{dru:拉莫三嗪}|25mg|po|qd"
        ),
        exam="{pro:{bod:血}药浓度监测} {pro:{bod:脑脊液}检查}",
        op="{pro:前{pro:{bod:颞叶}切除术}} {pro:{bod:迷走神经}刺激术}",
        equ="{equ:{pro:脑电图}机} {equ:吸痰器} {equ:牙垫}",
        comp="{dis:吸入性{dis:{bod:肺}炎}} {dis:缺氧性{dis:{bod:脑}病}}",
        trig="睡眠不足后",
        age=(5, 42),
        acute=False,
    ),
    Case(
        "meningitis",
        dis=(
            "{dis:化脓性{dis:{bod:脑膜}炎}} {dis:{bod:脑膜}炎} {dis:{bod:中枢神经系统}感染} "
            "~{dis:细菌性{dis:{bod:脑膜}炎}}"
        ),
        dep="{dep:神经内科} {dep:感染科} {dep:儿科}",
        bod="{bod:脑膜} {bod:蛛网膜下腔} {bod:脑脊液}",
        sym="{sym:发热}* {sym:{bod:头}痛}* {sym:喷射性{sym:呕吐}} {sym:嗜睡} ~{sym:畏光}",
        sign="{sym:{bod:颈}项强直} {sym:Kernig征阳性} {sym:Brudzinski征阳性} ~{sym:{bod:前囟}隆起}",
        img="{pro:{bod:头颅}增强MRI} {pro:{bod:头颅}CT}",
        find="1={sym:{bod:脑膜}强化} {sym:{bod:侧脑室}扩张} ~{sym:{bod:脑沟}变浅}",
        lab="CSFP+ CSFG- WBC+ CRP+",
        dru=(
            "{dru:头孢曲松}|2.0g|iv|q12h {dru:万古霉素}|1.0g|iv|q12h {dru:地塞米松}|10mg|iv|qd "
            "~{dru:利奈唑胺}|0.6g|iv|q12h {dru:甘露醇}|125mL|iv|q8h"
        ),
        exam="{pro:{bod:腰椎}穿刺} {pro:{bod:脑脊液}涂片}",
        op="{pro:{bod:脑室}{bod:腹腔}分流术} {pro:{bod:腰大池}引流}",
        equ="{equ:{bod:腰椎}穿刺包} {equ:测压管}",
        mic="{mic:脑膜炎奈瑟菌} {mic:肺炎链球菌} {mic:B族链球菌} ~{mic:单核细胞增生李斯特菌}",
        cult="{pro:{bod:脑脊液}培养} {pro:{bod:脑脊液}宏基因组测序}",
        comp="{dis:{bod:硬膜下}积液} {dis:{bod:脑}积水} ~{dis:{bod:脑}脓肿}",
        age=(2, 50),
    ),
    Case(
        "anemia",
        dis=(
            "{dis:缺铁性{dis:贫血}} {dis:小细胞低色素性{dis:贫血}} {dis:重度{dis:贫血}} "
            "~{dis:营养性{dis:贫血}}"
        ),
        dep="{dep:血液科} {dep:血液内科}",
        bod="{bod:骨髓} {bod:红细胞} {bod:{bod:骨髓}铁}",
        sym="{sym:乏力}* {sym:{bod:面色}苍白}* {sym:头晕}* {sym:心悸}* ~{sym:异食癖} {sym:{bod:月经}量增多}",
        sign="{sym:{bod:睑结膜}苍白} {sym:反{bod:甲}} ~{sym:{bod:口角}皲裂}",
        img="{pro:外周{bod:血}涂片} {pro:{bod:骨髓}穿刺} {pro:{bod:骨髓}涂片}",
        find=(
            "1={sym:{bod:红细胞}中央淡染区扩大} 23={sym:{bod:骨髓}铁染色阴性} "
            "~23={sym:{bod:幼红细胞}核老浆幼}"
        ),
        lab="HB- FER- MCV-",
        dru=(
            "{dru:琥珀酸亚铁}|0.1g|po|tid {dru:蔗糖铁}|100mg|iv|qod {dru:多糖铁复合物}|150mg|po|qd "
            "{dru:维生素C}|0.1g|po|tid"
        ),
        exam="{pro:{bod:粪便}隐血试验} {pro:血常规}",
        op="{pro:输注{bod:悬浮红细胞}} {pro:静脉补铁}",
        comp="{dis:{dis:贫血}性{dis:{bod:心脏}病}} {dis:晕厥}",
        age=(18, 55),
        sex="女",
        acute=False,
    ),
    Case(
        "leukemia",
        dis=(
            "{dis:急性{dis:白血病}} {dis:急性早幼粒细胞{dis:白血病}} {dis:白血病} ~{dis:急性髓系{dis:白血病}}"
        ),
        dep="{dep:血液科} {dep:小儿血液科}",
        bod="{bod:骨髓} {bod:外周血} {bod:原始细胞} ~{bod:胸骨}",
        sym="{sym:发热}* {sym:{bod:牙龈}出血}* {sym:{bod:皮肤}瘀斑} {sym:乏力}* {sym:{bod:骨}痛}*",
        sign="{sym:{bod:胸骨}压痛} {sym:{bod:颈部淋巴结}肿大} {sym:{bod:脾}肋下可触及} ~{sym:{bod:牙龈}增生}",
        img="{pro:{bod:骨髓}穿刺} {pro:{bod:骨髓}活检} {pro:{bod:骨髓}细胞形态学检查}",
        find="{sym:{bod:骨髓}增生极度活跃} {sym:{bod:原始细胞}占68%} ~13={sym:Auer小体}",
        lab="PLT- HB- LDH+ WBC+",
        dru=(
            "{dru:维A酸}|20mg|po|bid {dru:阿糖胞苷}|100mg|iv|qd {dru:柔红霉素}|60mg|iv|qd "
            "~{dru:维奈克拉}|0.4g|po|qd {dru:三氧化二砷}|10mg|iv|qd"
        ),
        exam="{pro:流式细胞术} {pro:染色体核型分析}",
        op="{pro:诱导{pro:化疗}} {pro:异基因{pro:{bod:造血干细胞}移植}} {pro:鞘内注射}",
        equ="{equ:PICC导管} {equ:层流床} ~{equ:输液港}",
        comp="{dis:弥散性血管内凝血} {dis:{bod:中枢神经系统}{dis:白血病}} {dis:粒细胞缺乏症}",
        age=(6, 60),
    ),
    Case(
        "lupus",
        dis="{dis:系统性红斑狼疮} {dis:{dis:狼疮}性{dis:{bod:肾}炎}} {dis:SLE}",
        dep="{dep:风湿免疫科} {dep:风湿科}",
        bod="{bod:皮肤} {bod:浆膜} {bod:肾脏}",
        sym=(
            "{sym:{bod:面部}蝶形红斑} {sym:{bod:关节}痛}* {sym:{bod:口腔}溃疡}* {sym:脱{bod:发}}* "
            "{sym:光过敏} ~{sym:雷诺现象}"
        ),
        sign="{sym:{bod:双手近端指间关节}压痛} {sym:{bod:双颊部}红斑} ~{sym:{bod:硬腭}溃疡}",
        img="{pro:{bod:心脏}彩超} {pro:{bod:胸部}CT}",
        find="{sym:{bod:心包}少量积液} 2={sym:{bod:双侧胸腔}积液}",
        lab="C3- UPRO+ ESR+ PLT-",
        dru=(
            "{dru:羟氯喹}|0.2g|po|bid {dru:泼尼松}|30mg|po|qd {dru:吗替麦考酚酯}|0.75g|po|bid "
            "{dru:环磷酰胺}|0.6g|iv|qm ~{dru:贝利尤单抗}|480mg|iv|qm"
        ),
        exam="{pro:抗核抗体检测} {pro:{bod:肾}穿刺活检}",
        op="{pro:激素冲击治疗} {pro:血浆置换}",
        comp="{dis:{dis:狼疮}{bod:脑}病} {dis:{bod:股骨头}坏死} ~{dis:噬血细胞综合征}",
        age=(16, 48),
        sex="女",
        acute=False,
    ),
    Case(
        "ra",
        dis="{dis:类风湿{dis:{bod:关节}炎}} {dis:RA} {dis:幼年特发性{dis:{bod:关节}炎}}",
        dep="{dep:风湿免疫科} {dep:骨科}",
        bod="{bod:滑膜} {bod:腕关节} {bod:近端指间关节} ~{bod:掌指关节}",
        sym=(
            "{sym:{bod:双腕关节}肿痛}* {sym:晨僵}* {sym:{bod:多关节}疼痛}* {sym:乏力}* "
            "~{sym:{bod:双肘关节}伸直受限}"
        ),
        sign="{sym:{bod:双手掌指关节}肿胀} {sym:{bod:@手指}尺侧偏斜} ~{sym:{bod:手指}天鹅颈样畸形}",
        img="{pro:{bod:双手}X线片} {pro:{bod:关节}超声} {pro:{bod:腕关节}MRI}",
        find="13={sym:{bod:腕关节}间隙变窄} 2={sym:{bod:滑膜}血流信号增多} ~13={sym:{bod:腕骨}骨质侵蚀}",
        lab="RF+ ESR+ CRP+",
        dru=(
            "{dru:甲氨蝶呤}|10mg|po|qw {dru:来氟米特}|20mg|po|qd {dru:双氯芬酸钠}|75mg|po|qd "
            "{dru:阿达木单抗}|40mg|ih|q2w ~{dru:托法替布}|5mg|po|bid"
        ),
        exam="{pro:抗CCP抗体检测} {pro:{bod:肝}功能检查}",
        op="{pro:{bod:关节}镜下{pro:{bod:滑膜}切除术}} {pro:{bod:关节腔}注射} ~{pro:{bod:膝关节}置换术}",
        equ="{equ:{bod:关节}镜} {equ:{bod:腕部}支具}",
        comp="{dis:{bod:肺}间质病变} {dis:{bod:骨}质疏松症} {dis:干燥综合征}",
        age=(30, 70),
        acute=False,
    ),
    Case(
        "lungcancer",
        dis=(
            "{dis:{bod:肺}癌} {dis:{bod:@肺}{dis:腺癌}} {dis:{bod:{bod:@肺}上叶}{dis:鳞癌}} "
            "{dis:非小细胞{dis:{bod:肺}癌}} ~{dis:晚期{dis:非小细胞{dis:{bod:肺}癌}}}"
        ),
        dep="{dep:胸外科} {dep:肿瘤科} {dep:放疗科}",
        bod="{bod:@肺上叶} {bod:纵隔淋巴结} {bod:支气管} ~{bod:隆突下淋巴结}",
        sym=(
            "{sym:痰中带血} {sym:刺激性{sym:干咳}} {sym:{bod:胸}痛}* {sym:声音嘶哑} {sym:消瘦}* "
            "~{sym:{bod:上肢}水肿}"
        ),
        sign="{sym:{bod:@锁骨上淋巴结}肿大} {sym:{bod:@肺}呼吸音减低} ~{sym:杵状{bod:指}}",
        img="{pro:{bod:胸部}增强CT} {pro:PET-CT} {pro:{bod:支气管}镜} {pro:{equ:{bod:支气管}镜}检查}",
        find=(
            "12={sym:{bod:@肺上叶}占位} 12={sym:{bod:@肺}毛刺结节影} 12={sym:{bod:纵隔淋巴结}肿大} "
            "~12={sym:{bod:@肺门}肿块} 34={sym:{bod:支气管}腔内新生物}"
        ),
        lab="CEA+ ALB-",
        dru=(
            "{dru:奥希替尼}|80mg|po|qd {dru:培美曲塞}|0.8g|iv|q3w {dru:顺铂}|40mg|iv|q3w "
            "{dru:帕博利珠单抗}|200mg|iv|q3w ~{dru:安罗替尼}|12mg|po|qd"
        ),
        exam="{pro:经皮{pro:{bod:肺}穿刺活检}} {pro:EGFR基因检测}",
        op=(
            "{pro:{equ:{bod:胸腔}镜}下{pro:{bod:肺叶}切除术}} {pro:{bod:胸部}放疗} {pro:辅助{pro:化疗}} "
            "~{pro:{bod:纵隔淋巴结}清扫术}"
        ),
        equ="{equ:{bod:胸腔}镜} {equ:直线加速器} {equ:{bod:胸腔}闭式引流瓶}",
        comp=(
            "{dis:{bod:脑}转移瘤} {dis:恶性{dis:{bod:胸腔}积液}} {dis:{bod:上腔静脉}综合征} "
            "~{dis:{bod:骨}转移}"
        ),
        age=(48, 78),
        acute=False,
    ),
    Case(
        "gastriccancer",
        dis="{dis:{bod:胃}癌} {dis:{bod:胃窦}{dis:腺癌}} {dis:进展期{dis:{bod:胃}癌}} ~{dis:{bod:贲门}癌}",
        dep="{dep:胃肠外科} {dep:肿瘤内科}",
        bod="{bod:胃窦} {bod:胃壁} {bod:胃周淋巴结} ~{bod:大网膜}",
        sym="{sym:{bod:上腹部}不适}* {sym:纳差}* {sym:黑便} {sym:早饱} {sym:消瘦}* ~{sym:吞咽困难}",
        sign="{sym:{bod:上腹部}包块} {sym:{bod:@锁骨上淋巴结}肿大}",
        img="{pro:{bod:胃}镜} {pro:{bod:全腹}增强CT} {pro:超声{pro:{bod:胃}镜}}",
        find=(
            "13={sym:{bod:胃窦}溃疡型肿物} 23={sym:{bod:胃壁}增厚} 23={sym:{bod:胃周淋巴结}肿大} "
            "~2={sym:{bod:肝}多发低密度结节}"
        ),
        lab="CEA+ CA199+ HB-",
        dru=(
            "{dru:奥沙利铂}|150mg|iv|q3w {dru:卡培他滨}|1.5g|po|bid {dru:替吉奥}|60mg|po|bid "
            "{dru:曲妥珠单抗}|400mg|iv|q3w ~{dru:紫杉醇}|210mg|iv|q3w"
        ),
        exam="{pro:{bod:胃黏膜}活检} {pro:HER2免疫组化}",
        op=(
            "{pro:远端{pro:{bod:胃}大部切除术}} {pro:根治性{pro:全{bod:胃}切除术}} {pro:{bod:胃}空肠吻合术} "
            "~{pro:{equ:内镜}下{bod:黏膜}剥离术}"
        ),
        equ="{equ:{bod:胃}管} {equ:切割闭合器} {equ:空肠营养管}",
        comp="{dis:{bod:幽门}梗阻} {dis:{bod:腹膜}转移} {dis:吻合口瘘}",
        age=(45, 78),
        acute=False,
    ),
    Case(
        "breastcancer",
        dis=(
            "{dis:{bod:@乳}癌} {dis:{bod:乳腺}癌} {dis:{bod:@乳腺}浸润性导管癌} "
            "~{dis:三阴性{dis:{bod:乳腺}癌}}"
        ),
        dep="{dep:乳腺外科} {dep:甲乳外科} {dep:放疗科}",
        bod="{bod:@侧乳房} {bod:腋窝淋巴结} {bod:乳腺导管}",
        sym="{sym:{bod:@乳}肿块} {sym:{bod:@乳头}溢液} {sym:{bod:@乳}胀痛}* ~{sym:{bod:@上肢}淋巴水肿}",
        sign="{sym:{bod:@乳头}凹陷} {sym:{bod:乳房皮肤}橘皮样改变} {sym:{bod:@腋窝淋巴结}肿大}",
        img="{pro:{bod:乳腺}钼靶} {pro:{bod:乳腺}超声} {pro:{bod:乳腺}MRI}",
        find=(
            "2={sym:{bod:@乳外上象限}低回声结节} 1={sym:{bod:@乳}簇状微钙化} "
            "23={sym:{bod:@腋窝淋巴结}皮质增厚} ~13={sym:{bod:@乳腺}局部结构扭曲}"
        ),
        lab="CA153+ CEA+",
        dru=(
            "{dru:他莫昔芬}|10mg|po|bid {dru:来曲唑}|2.5mg|po|qd {dru:曲妥珠单抗}|320mg|iv|q3w "
            "{dru:多西他赛}|120mg|iv|q3w ~{dru:哌柏西利}|125mg|po|qd"
        ),
        exam="{pro:粗针穿刺活检} {pro:ER、PR免疫组化}",
        op=(
            "{pro:{bod:@乳}改良根治术} {pro:前哨{pro:{bod:淋巴结}活检}} {pro:保{bod:乳}手术} "
            "~{pro:新辅助{pro:化疗}}"
        ),
        equ="{equ:负压引流球} {equ:直线加速器} {equ:弹力绷带}",
        comp="{dis:{bod:骨}转移} {dis:{bod:肝}转移癌}",
        age=(32, 70),
        sex="女",
        acute=False,
    ),
    Case(
        "discherniation",
        dis="{dis:{bod:腰椎间盘}突出症} {dis:{bod:腰椎管}狭窄症} {dis:{bod:L4/5椎间盘}突出}",
        dep="{dep:骨科} {dep:脊柱外科} {dep:疼痛科} ~{dep:针灸推拿科}",
        bod="{bod:腰椎} {bod:神经根} {bod:椎间盘} ~{bod:黄韧带}",
        sym=(
            "{sym:{bod:腰}痛}* {sym:{bod:@下肢}放射痛}* {sym:{bod:@小腿外侧}麻木}* {sym:间歇性跛行} "
            "~{sym:{bod:鞍区}麻木}"
        ),
        sign="{sym:{bod:@下肢}直腿抬高试验阳性} {sym:{bod:L4/5棘突旁}压痛} ~{sym:{bod:@跟腱}反射减弱}",
        img="{pro:{bod:腰椎}MRI} {pro:{bod:腰椎}CT} {pro:{bod:腰椎}正侧位片}",
        find=(
            "12={sym:{bod:L4/5椎间盘}向后突出} 12={sym:{bod:硬膜囊}受压} {sym:{bod:腰椎}生理曲度变直} "
            "~12={sym:{bod:侧隐窝}狭窄}"
        ),
        lab="ESR+",
        dru="{dru:塞来昔布}|0.2g|po|bid {dru:甲钴胺}|0.5mg|po|tid {dru:乙哌立松}|50mg|po|tid",
        exam="{pro:肌电图} {pro:VAS评分}",
        op=(
            "{pro:{equ:{bod:椎间孔}镜}下{pro:{bod:髓核}摘除术}} {pro:{bod:腰椎}牵引} {pro:针灸治疗} "
            "~{pro:{bod:椎板}减压术}"
        ),
        equ="{equ:腰围} {equ:{bod:椎间孔}镜} {equ:牵引床}",
        comp="{dis:{bod:马尾}综合征} {dis:{bod:足}下垂}",
        trig="弯腰搬重物后",
        age=(28, 66),
        acute=False,
    ),
    Case(
        "hipfracture",
        dis=(
            "{dis:{bod:@股骨颈}骨折} {dis:{bod:@股骨粗隆间}骨折} {dis:{bod:@髋部}骨折} "
            "~{dis:{bod:@股骨颈}头下型骨折}"
        ),
        dep="{dep:骨科} {dep:创伤骨科} {dep:麻醉科}",
        bod="{bod:股骨颈} {bod:@髋部} {bod:骨皮质} ~{bod:髋臼}",
        sym=(
            "{sym:{bod:@髋部}疼痛}* {sym:{bod:@下肢}活动障碍} {sym:{bod:局部皮肤}青紫} "
            "~{sym:{bod:@膝部}肿胀}*"
        ),
        sign="{sym:{bod:@下肢}短缩外旋畸形} {sym:{bod:@髋部}压痛} {sym:{bod:@下肢}纵向叩击痛} ~{sym:骨擦感}",
        img="{pro:{bod:骨盆}正位片} {pro:{bod:@髋关节}CT} {pro:{bod:@髋}X线片}",
        find="{sym:{bod:@股骨颈}骨皮质不连续} {sym:{bod:骨折断端}移位} ~{sym:{bod:股骨头}密度增高}",
        lab="HB- DD+ ALB-",
        dru=(
            "{dru:低分子{dru:肝素}}|4000IU|ih|qd {dru:头孢呋辛}|1.5g|iv|st {dru:唑来膦酸}|5mg|iv|st "
            "{dru:曲马多}|100mg|im|st ~{dru:特立帕肽}|20μg|ih|qd"
        ),
        exam="{pro:{bod:双下肢血管}超声} {pro:{bod:骨}密度测定}",
        op=(
            "{pro:人工{pro:{bod:股骨头}置换术}} {pro:闭合复位{pro:{equ:髓内钉}内固定术}} {pro:皮牵引} "
            "~{pro:切开复位{pro:{equ:钢板}内固定术}}"
        ),
        equ="{equ:髓内钉} {equ:助行器} {equ:石膏} ~{equ:空心螺钉}",
        comp=(
            "{dis:{bod:下肢深静脉}血栓形成} {dis:{bod:股骨头}坏死} {dis:坠积性{dis:{bod:肺}炎}} "
            "~{dis:脂肪栓塞综合征}"
        ),
        trig="不慎摔倒后",
        age=(62, 90),
    ),
    Case(
        "hfmd",
        dis=(
            "{dis:{bod:手}{bod:足}{bod:口}病} {dis:重症{dis:{bod:手}{bod:足}{bod:口}病}} "
            "{dis:{mic:肠道病毒71型}感染} ~{dis:疱疹性{dis:{bod:咽峡}炎}}"
        ),
        dep="{dep:儿科} {dep:感染科} {dep:儿科急诊}",
        bod="{bod:口腔黏膜} {bod:手掌} {bod:足底}",
        sym="{sym:发热}* {sym:{bod:手足}皮疹} {sym:{bod:口腔}疱疹} {sym:流涎} {sym:拒食} ~{sym:惊跳}*",
        sign=(
            "{sym:{bod:手掌}散在斑丘疹} {sym:{bod:咽部}充血} {sym:{bod:臀部}红色丘疹} ~{sym:{bod:腱}反射亢进}"
        ),
        img="{pro:胸片} {pro:{bod:头颅}MRI}",
        find="1={sym:{bod:双肺}纹理增多} 2={sym:{bod:脑干}长T2信号}",
        lab="WBC+ GLU+ CRP+",
        dru=(
            "{dru:布洛芬混悬液}|4mL|po|prn {dru:人免疫球蛋白}|10g|iv|qd "
            "{dru:重组人干扰素α2b}|100万IU|neb|bid ~{dru:米力农}|5mg|ivp|qd"
        ),
        exam="{pro:{bod:咽拭子}核酸检测} {pro:血常规}",
        op="{pro:物理降温} {pro:{equ:呼吸机}辅助通气}",
        equ="{equ:退热贴} {equ:心电监护仪} {equ:微量泵}",
        mic="{mic:肠道病毒71型} {mic:柯萨奇病毒A16型}",
        cult="{pro:{bod:咽拭子}核酸检测} {pro:{bod:粪便}病毒分离}",
        comp=(
            "{dis:神经源性{dis:{bod:肺}水肿}} {dis:{bod:脑干}{dis:{bod:脑}炎}} {dis:病毒性{dis:{bod:心肌}炎}}"
        ),
        age=(1, 6),
    ),
    Case(
        "tb",
        dis=(
            "{dis:{bod:肺}{dis:结核}} {dis:继发性{dis:{bod:肺}{dis:结核}}} {dis:结核性{dis:{bod:胸膜}炎}} "
            "~{dis:{bod:支气管}{dis:结核}}"
        ),
        dep="{dep:结核科} {dep:感染科} {dep:呼吸内科}",
        bod="{bod:肺尖} {bod:胸膜} {bod:肺门淋巴结} ~{bod:干酪样组织}",
        sym="{sym:午后{sym:低热}} {sym:盗汗} {sym:咳嗽}* {sym:咯血}* {sym:消瘦}* ~{sym:{bod:@侧胸}刺痛}*",
        sign="{sym:{bod:@上肺}可闻及湿啰音} {sym:{bod:@肺尖}叩诊浊音}",
        img="{pro:{bod:胸部}CT} {pro:胸片}",
        find=(
            "{sym:{bod:@肺上叶}空洞} {sym:{bod:@肺尖}斑点状钙化灶} {sym:{bod:@侧胸膜}增厚} "
            "~1={sym:{bod:@肺}树芽征}"
        ),
        lab="ESR+ ALB- NA-",
        dru=(
            "{dru:异烟肼}|0.3g|po|qd {dru:利福平}|0.45g|po|qd {dru:吡嗪酰胺}|0.5g|po|tid "
            "{dru:乙胺丁醇}|0.75g|po|qd ~{dru:贝达喹啉}|400mg|po|qd"
        ),
        exam="{pro:结核菌素试验} {pro:T-SPOT检测} ~{pro:Xpert检测}",
        op="{pro:{bod:支气管动脉}栓塞术} {pro:{bod:胸腔}穿刺抽液}",
        equ="{equ:{bod:胸腔}引流管} {equ:N95口罩}",
        mic="{mic:结核分枝杆菌} {mic:抗酸杆菌} ~{mic:非结核分枝杆菌}",
        cult="{pro:{bod:痰}抗酸染色} {pro:{bod:痰}涂片}",
        comp="{dis:结核性{dis:脓{bod:胸}}} {dis:{bod:支气管}扩张} {dis:结核性{dis:{bod:脑膜}炎}}",
        age=(18, 70),
        acute=False,
    ),
    Case(
        "zoster",
        dis=(
            "{dis:带状疱疹} {dis:{bod:三叉神经}{dis:带状疱疹}} {dis:{bod:肋间神经}{dis:带状疱疹}} "
            "~{dis:{bod:眼部}{dis:带状疱疹}}"
        ),
        dep="{dep:皮肤科} {dep:疼痛科}",
        bod="{bod:肋间神经} {bod:背根神经节} {bod:@侧胸背部}",
        sym=(
            "{sym:{bod:@侧胸背部}簇集性水疱} {sym:{bod:@侧腰腹部}烧灼样疼痛}* {sym:{bod:皮肤}刺痛}* "
            "~{sym:{bod:@额部}红斑}"
        ),
        sign="{sym:{bod:@侧胸背部}带状分布丘疱疹} {sym:皮损处触痛}",
        img="{pro:{bod:皮肤}镜} {pro:{bod:皮肤}活检}",
        find="1={sym:{bod:皮肤}群集水疱} 2={sym:{bod:表皮}内气球样变性}",
        lab="ESR+ GLU+",
        dru=(
            "{dru:伐昔洛韦}|1.0g|po|tid {dru:阿昔洛韦}|0.5g|iv|q8h {dru:加巴喷丁}|0.3g|po|tid "
            "{dru:普瑞巴林}|75mg|po|bid ~{dru:泛昔洛韦}|0.25g|po|tid"
        ),
        exam="{pro:{bod:疱液}PCR检测} {pro:VAS评分}",
        op="{pro:{bod:神经}阻滞术} {pro:红光照射} ~{pro:脉冲射频治疗}",
        equ="{equ:红光治疗仪} {equ:射频针}",
        mic="{mic:水痘-带状疱疹病毒}",
        cult="{pro:{bod:疱液}PCR检测} {pro:{bod:疱液}涂片}",
        comp="{dis:{dis:带状疱疹}后{bod:神经}痛} {dis:{bod:角膜}炎} ~{dis:Ramsay-Hunt综合征}",
        trig="劳累后",
        age=(42, 80),
    ),
    Case(
        "preeclampsia",
        dis="{dis:子痫前期} {dis:重度{dis:子痫前期}} {dis:妊娠期{dis:高血压}疾病} ~{dis:HELLP综合征}",
        dep="{dep:产科} {dep:妇产科}",
        bod="{bod:胎盘} {bod:子宫} {bod:螺旋小动脉} ~{bod:脐动脉}",
        sym=(
            "{sym:{bod:头}痛}* {sym:视物模糊}* {sym:{bod:双下肢}水肿}* {sym:胎动减少} ~{sym:{bod:上腹部}闷痛}"
        ),
        sign="{sym:{bod:双下肢}凹陷性水肿} {sym:{bod:膝腱}反射亢进} ~{sym:{bod:子宫}张力偏高}",
        img="{pro:产科B超} {pro:胎心监护} {pro:{bod:眼底}检查}",
        find=(
            "1={sym:{bod:脐动脉}血流阻力增高} 1={sym:羊水偏少} ~3={sym:{bod:视网膜小动脉}痉挛} "
            "2={sym:胎心减速} 3={sym:{bod:视网膜}水肿}"
        ),
        lab="UPRO+ ALT+ PLT- UA+",
        dru=(
            "{dru:硫酸镁}|5g|iv|st {dru:拉贝洛尔}|100mg|po|tid {dru:硝苯地平}|10mg|po|tid "
            "{dru:地塞米松}|6mg|im|q12h"
        ),
        exam="{pro:尿常规} {pro:{bod:肝}功能检查}",
        op="{pro:{bod:子宫}下段剖宫产术} {pro:引产术}",
        equ="{equ:{pro:胎心监护}仪} {equ:{bod:宫腔}球囊}",
        comp="{dis:子痫} {dis:{bod:胎盘}早剥} {dis:胎儿生长受限} ~{dis:产后出血}",
        age=(22, 42),
        sex="女",
    ),
    # ------------------------------------------------------------------ held out: dev only
    Case(
        "pe",
        dis="{dis:{bod:肺}栓塞} {dis:急性{dis:{bod:肺}血栓栓塞症}} {dis:高危{dis:{bod:肺}栓塞}}",
        dep="{dep:呼吸内科} {dep:血管外科}",
        bod="{bod:肺动脉} {bod:右心室} {bod:下肢深静脉}",
        sym="{sym:突发{sym:呼吸困难}} {sym:{bod:胸膜}性{sym:{bod:胸}痛}} {sym:晕厥} {sym:咯血}*",
        sign="{sym:{bod:肺动脉瓣区}第二心音亢进} {sym:{bod:@小腿}周径增粗}",
        img="{pro:{bod:肺动脉}CTA} {pro:{bod:肺}通气灌注显像}",
        find="1={sym:{bod:@肺动脉}充盈缺损} 1={sym:{bod:右心}负荷增加} 2={sym:{bod:@肺}灌注缺损}",
        lab="DD+ PO2- BNP+ TNT+",
        dru="{dru:依诺肝素}|6000IU|ih|q12h {dru:尿激酶}|50万U|iv|st {dru:利伐沙班}|15mg|po|bid",
        exam="{pro:{bod:下肢静脉}加压超声}",
        op="{pro:{bod:下腔静脉}{equ:滤器}置入术} {pro:{equ:导管}碎栓术}",
        equ="{equ:{bod:下腔静脉}{equ:滤器}} {equ:间歇充气加压泵}",
        comp="{dis:{bod:右心}衰竭} {dis:慢性血栓栓塞性{dis:{bod:肺动脉}高压}}",
        trig="久坐后",
        age=(35, 80),
        held=True,
    ),
    Case(
        "endocarditis",
        dis="{dis:感染性{dis:{bod:心内膜}炎}} {dis:亚急性细菌性{dis:{bod:心内膜}炎}}",
        dep="{dep:心脏外科} {dep:心内科}",
        bod="{bod:心内膜} {bod:主动脉瓣} {bod:二尖瓣}",
        sym="{sym:间断{sym:发热}} {sym:{bod:关节}酸痛} {sym:乏力}*",
        sign="{sym:{bod:主动脉瓣听诊区}舒张期杂音} {sym:{bod:指端}Osler结节} {sym:Janeway损害}",
        img="{pro:经{bod:胸}超声心动图} {pro:经{bod:食管}超声心动图}",
        find="{sym:{bod:主动脉瓣}赘生物} {sym:{bod:二尖瓣}穿孔}",
        lab="ESR+ CRP+ HB- WBC+",
        dru="{dru:青霉素}|400万U|iv|q6h {dru:庆大霉素}|80mg|iv|q8h {dru:达托霉素}|0.5g|iv|qd",
        exam="{pro:{bod:血}培养}",
        op="{pro:人工{pro:{bod:主动脉瓣}置换术}} {pro:体外循环}",
        equ="{equ:人工机械瓣} {equ:体外循环机}",
        mic="{mic:草绿色链球菌} {mic:金黄色葡萄球菌} {mic:牛链球菌}",
        cult="{pro:{bod:血}培养} {pro:{bod:瓣膜}组织培养}",
        comp="{dis:{bod:脾}梗死} {dis:细菌性{dis:动脉瘤}}",
        trig="拔牙后",
        age=(25, 66),
        held=True,
    ),
    Case(
        "crohn",
        dis="{dis:克罗恩病} {dis:{bod:回结肠型}{dis:克罗恩病}}",
        dep="{dep:消化内科} {dep:结直肠外科}",
        bod="{bod:回肠末端} {bod:肠壁} {bod:肛周}",
        sym="{sym:{bod:脐周}隐痛}* {sym:腹泻}* {sym:{bod:肛周}流脓} {sym:体重下降}*",
        sign="{sym:{bod:右下腹}包块} {sym:{bod:肛周}瘘口}",
        img="{pro:{bod:小肠}CT造影} {pro:{equ:胶囊内镜}检查}",
        find="2={sym:{bod:回肠末端}纵行溃疡} 1={sym:{bod:肠壁}节段性增厚} 2={sym:铺路石样改变}",
        lab="CRP+ ESR+ ALB- HB-",
        dru="{dru:英夫利西单抗}|300mg|iv|q8w {dru:硫唑嘌呤}|50mg|po|qd {dru:乌司奴单抗}|90mg|ih|q8w",
        exam="{pro:{bod:粪便}钙卫蛋白检测}",
        op="{pro:{bod:回盲部}切除术} {pro:肛瘘挂线术} {pro:全肠内营养}",
        equ="{equ:胶囊内镜} {equ:双气囊小肠镜}",
        comp="{dis:{bod:肠}瘘} {dis:不全性{dis:{bod:肠}梗阻}} {dis:{bod:腹腔}脓肿}",
        age=(16, 45),
        acute=False,
        held=True,
    ),
    Case(
        "liverabscess",
        dis="{dis:细菌性{dis:{bod:肝}脓肿}} {dis:{bod:肝右叶}脓肿}",
        dep="{dep:肝胆外科} {dep:介入科}",
        bod="{bod:肝右叶} {bod:膈下}",
        sym="{sym:寒战{sym:高热}} {sym:{bod:肝区}胀痛}* {sym:纳差}*",
        sign="{sym:{bod:肝区}叩击痛} {sym:{bod:右季肋部}压痛}",
        img="{pro:{bod:肝脏}超声造影} {pro:{bod:上腹部}增强MRI}",
        find="{sym:{bod:肝右叶}囊实性占位} {sym:{bod:肝}内环形强化灶}",
        lab="WBC+ PCT+ ALT+ ALB-",
        dru="{dru:美罗培南}|1.0g|iv|q8h {dru:哌拉西林他唑巴坦}|4.5g|iv|q8h",
        exam="{pro:{bod:脓液}涂片}",
        op="{pro:超声引导下{pro:{bod:肝}脓肿穿刺置管引流术}}",
        equ="{equ:猪尾巴引流管} {equ:抗反流引流袋}",
        mic="{mic:高毒力肺炎克雷伯菌} {mic:咽峡炎链球菌} {mic:溶组织内阿米巴}",
        cult="{pro:{bod:脓液}培养} {pro:{bod:血}培养}",
        comp="{dis:{bod:膈下}脓肿} {dis:{bod:眼内}炎} {dis:脓毒性休克}",
        age=(38, 72),
        held=True,
    ),
    Case(
        "kidneystone",
        dis="{dis:{bod:@肾}结石} {dis:{bod:@输尿管}结石} {dis:{bod:@肾}积水}",
        dep="{dep:泌尿外科} {dep:碎石中心}",
        bod="{bod:@输尿管上段} {bod:肾盏}",
        sym="{sym:{bod:@腰部}绞痛}* {sym:{bod:会阴部}放射痛} {sym:镜下血尿}",
        sign="{sym:{bod:@肋脊角}叩痛} {sym:{bod:@输尿管走行区}压痛}",
        img="{pro:{bod:泌尿系}CT平扫} {pro:静脉{bod:肾盂}造影} {pro:KUB平片}",
        find="12={sym:{bod:@肾盂}扩张} 13={sym:{bod:@输尿管上段}致密影}",
        lab="UA+ CR+ UWBC+",
        dru="{dru:坦索罗辛}|0.2mg|po|qn {dru:间苯三酚}|80mg|iv|st {dru:枸橼酸氢钾钠}|5g|po|bid",
        exam="{pro:结石成分分析}",
        op="{pro:体外冲击波碎石} {pro:{equ:{bod:输尿管}软镜}钬激光碎石术} {pro:经皮{bod:肾}镜取石术}",
        equ="{equ:双J管} {equ:{bod:输尿管}软镜} {equ:取石网篮}",
        comp="{dis:{bod:输尿管}狭窄} {dis:梗阻性{dis:{bod:肾}病}}",
        age=(24, 65),
        held=True,
    ),
    Case(
        "hypothyroidism",
        dis="{dis:{bod:甲状腺}功能减退症} {dis:甲减} {dis:桥本{dis:{bod:甲状腺}炎}}",
        dep="{dep:内分泌科} {dep:甲状腺外科}",
        bod="{bod:甲状腺峡部} {bod:垂体}",
        sym="{sym:畏寒}* {sym:反应迟钝} {sym:毛发稀疏} {sym:嗜睡}*",
        sign="{sym:{bod:胫前}黏液性水肿} {sym:{bod:甲状腺}质韧} {sym:{bod:跟腱}反射迟缓}",
        img="{pro:{bod:甲状腺}彩超} {pro:{bod:颈部}彩超}",
        find="{sym:{bod:甲状腺}回声弥漫性减低} {sym:{bod:甲状腺峡部}增厚}",
        lab="TSH+ FT4- LDL+",
        dru="{dru:左{dru:甲状腺素}钠}|50μg|po|qd {dru:优甲乐}|75μg|po|qd",
        exam="{pro:{bod:甲状腺}细针穿刺}",
        comp="{dis:黏液性水肿昏迷} {dis:{dis:甲减}性{dis:{bod:心脏}病}}",
        age=(28, 66),
        sex="女",
        acute=False,
        held=True,
    ),
    Case(
        "parkinson",
        dis="{dis:帕金森病} {dis:早发型{dis:帕金森病}} {dis:帕金森综合征}",
        dep="{dep:神经内科} {dep:功能神经外科}",
        bod="{bod:黑质} {bod:纹状体}",
        sym="{sym:{bod:@上肢}静止性震颤}* {sym:行动迟缓}* {sym:{bod:嗅觉}减退} {sym:小步态}",
        sign="{sym:面具{bod:脸}} {sym:{bod:四肢}齿轮样肌强直} {sym:后拉试验阳性}",
        img="{pro:{bod:黑质}超声} {pro:{bod:脑}DAT-PET显像}",
        find="1={sym:{bod:黑质}高回声} 2={sym:{bod:双侧壳核}摄取减低}",
        lab="LDL+",
        dru="{dru:多巴丝肼}|125mg|po|tid {dru:普拉克索}|0.25mg|po|tid {dru:司来吉兰}|5mg|po|qd",
        exam="{pro:左旋多巴冲击试验} {pro:UPDRS评分}",
        op="{pro:{bod:脑}深部电刺激术}",
        equ="{equ:脉冲发生器} {equ:刺激电极}",
        comp="{dis:吸入性{dis:{bod:肺}炎}} {dis:异动症}",
        age=(55, 78),
        acute=False,
        held=True,
    ),
    Case(
        "itp",
        dis="{dis:免疫性{dis:{bod:血小板}减少症}} {dis:ITP}",
        dep="{dep:血液内科}",
        bod="{bod:巨核细胞} {bod:骨髓}",
        sym="{sym:{bod:双下肢}瘀点} {sym:{bod:鼻腔}出血}* {sym:{bod:月经}过多}",
        sign="{sym:{bod:四肢皮肤}散在出血点} {sym:{bod:口腔黏膜}血疱}",
        img="{pro:{bod:骨髓}穿刺} {pro:外周{bod:血}涂片}",
        find="1={sym:{bod:巨核细胞}成熟障碍} 1={sym:产板{bod:巨核细胞}减少} 2={sym:{bod:血小板}散在少见}",
        lab="PLT- HB-",
        dru=(
            "{dru:艾曲泊帕}|25mg|po|qd {dru:重组人{bod:血小板}生成素}|15000U|ih|qd "
            "{dru:静注人免疫球蛋白}|20g|iv|qd"
        ),
        exam="{pro:{bod:血小板}抗体检测}",
        op="{pro:{bod:脾}切除术} {pro:单采{bod:血小板}输注}",
        comp="{dis:{bod:颅内}出血} {dis:失血性{dis:贫血}}",
        age=(18, 60),
        sex="女",
        held=True,
    ),
    Case(
        "rectalcancer",
        dis="{dis:{bod:直肠}癌} {dis:{bod:乙状结肠}{dis:腺癌}} {dis:{bod:结直肠}癌}",
        dep="{dep:结直肠外科} {dep:造口门诊}",
        bod="{bod:直肠系膜} {bod:齿状线}",
        sym="{sym:便血}* {sym:大便变细} {sym:排便习惯改变} {sym:{bod:肛门}坠胀}*",
        sign="{sym:{bod:直肠}指检触及质硬肿物}",
        img="{pro:{bod:结肠}镜} {pro:{bod:盆腔}增强MRI} {pro:{bod:直肠}腔内超声}",
        find="{sym:{bod:直肠中段}环周肿物} 23={sym:{bod:直肠系膜淋巴结}肿大}",
        lab="CEA+ CA199+ HB-",
        dru="{dru:贝伐珠单抗}|400mg|iv|q3w {dru:伊立替康}|280mg|iv|q2w {dru:氟尿嘧啶}|0.75g|iv|q2w",
        exam="{pro:MSI检测} {pro:RAS基因检测}",
        op=(
            "{pro:{equ:{bod:腹腔}镜}下{pro:{bod:直肠}前切除术}} {pro:预防性{pro:{bod:回肠}造口术}} "
            "{pro:新辅助放化疗}"
        ),
        equ="{equ:造口袋} {equ:吻合器}",
        comp="{dis:低位前切除综合征} {dis:吻合口瘘} {dis:造口旁疝}",
        age=(45, 80),
        acute=False,
        held=True,
    ),
    Case(
        "glaucoma",
        dis="{dis:急性{dis:闭角型青光眼}} {dis:青光眼} {dis:{bod:@眼}闭角型青光眼}",
        dep="{dep:眼科}",
        bod="{bod:@眼晶状体} {bod:房角} {bod:视神经}",
        sym="{sym:{bod:@眼}胀痛}* {sym:虹视} {sym:{bod:@眼}视力下降}* {sym:{bod:头}痛}*",
        sign="{sym:{bod:@眼角膜}雾状水肿} {sym:{bod:@眼结膜}混合充血} {sym:{bod:@眼前房}浅}",
        img="{pro:{equ:裂隙灯}检查} {pro:OCT} {pro:{equ:{bod:房角}镜}检查}",
        find="2={sym:{bod:视盘}杯盘比扩大} 1={sym:{bod:虹膜}膨隆} 3={sym:{bod:房角}关闭}",
        lab="IOP+",
        dru="{dru:毛果芸香碱滴眼液}|1滴|eye|q6h {dru:布林佐胺滴眼液}|1滴|eye|bid {dru:醋甲唑胺}|25mg|po|bid",
        exam="{pro:视野检查}",
        op="{pro:{bod:小梁}切除术} {pro:激光周边{bod:虹膜}切开术}",
        equ="{equ:裂隙灯} {equ:{bod:房角}镜} {equ:非接触{equ:{ite:眼压}计}}",
        comp="{dis:{bod:视神经}萎缩} {dis:并发性白内障}",
        age=(55, 82),
        held=True,
    ),
    Case(
        "brucellosis",
        dis="{dis:{mic:布鲁菌}病} {dis:{mic:布鲁菌}性{dis:{bod:脊柱}炎}}",
        dep="{dep:感染性疾病科} {dep:脊柱外科}",
        bod="{bod:单核-巨噬细胞系统} {bod:腰骶椎}",
        sym="{sym:波状热} {sym:多汗}* {sym:{bod:大关节}游走性疼痛} {sym:{bod:腰背}痛}*",
        sign="{sym:{bod:腰椎棘突}叩击痛} {sym:{bod:睾丸}肿大} {sym:{bod:肝脾}轻度肿大}",
        img="{pro:{bod:脊柱}MRI} {pro:{bod:腰骶椎}CT}",
        find="{sym:{bod:椎体}边缘虫蚀样破坏} {sym:{bod:椎旁}软组织肿胀}",
        lab="ESR+ CRP+ ALT+",
        dru="{dru:多西环素}|100mg|po|bid {dru:利福平}|0.6g|po|qd {dru:链霉素}|0.75g|im|qd",
        exam="{pro:虎红平板凝集试验} {pro:试管凝集试验}",
        mic="{mic:羊种布鲁菌} {mic:牛种布鲁菌}",
        cult="{pro:{bod:骨髓}培养} {pro:{bod:血}培养}",
        comp="{dis:{bod:睾丸}附睾炎} {dis:{mic:布鲁菌}性{dis:{bod:心内膜}炎}}",
        trig="接触病羊后",
        age=(30, 62),
        sex="男",
        held=True,
    ),
    Case(
        "kawasaki",
        dis="{dis:川崎病} {dis:不完全型{dis:川崎病}}",
        dep="{dep:小儿心脏科} {dep:儿科}",
        bod="{bod:冠状动脉} {bod:球结膜}",
        sym="{sym:持续{sym:高热}} {sym:{bod:双眼}结膜充血} {sym:{bod:口唇}皲裂} {sym:{bod:躯干}多形性红斑}",
        sign="{sym:草莓{bod:舌}} {sym:{bod:指端}膜状脱皮} {sym:{bod:@颈部淋巴结}肿大}",
        img="{pro:{bod:心脏}彩超} {pro:小儿超声心动图}",
        find="{sym:{bod:左冠状动脉主干}扩张} {sym:{bod:冠脉}内壁回声增强}",
        lab="CRP+ ESR+ WBC+",
        dru="{dru:丙种球蛋白}|10g|iv|qd {dru:双嘧达莫}|25mg|po|tid {dru:阿司匹林}|0.1g|po|tid",
        comp="{dis:{bod:冠状动脉}瘤} {dis:{dis:川崎病}休克综合征}",
        age=(1, 5),
        held=True,
    ),
    Case(
        "cervicalcancer",
        dis="{dis:{bod:宫颈}癌} {dis:{bod:宫颈}{dis:鳞癌}} {dis:{mic:HPV}感染}",
        dep="{dep:妇科} {dep:妇科肿瘤科}",
        bod="{bod:宫颈} {bod:宫旁组织} {bod:阴道穹窿}",
        sym="{sym:接触性出血} {sym:{bod:阴道}不规则流血}* {sym:{bod:阴道}排液}",
        sign="{sym:{bod:宫颈}菜花样肿物} {sym:{bod:@宫旁}增厚}",
        img="{pro:{equ:{bod:阴道}镜}检查} {pro:{bod:盆腔}增强MRI}",
        find="2={sym:{bod:宫颈后唇}占位} 2={sym:{bod:盆腔淋巴结}肿大} 1={sym:{bod:宫颈}醋白上皮}",
        lab="SCC+ HB-",
        dru="{dru:卡铂}|450mg|iv|q3w {dru:卡度尼利单抗}|500mg|iv|q3w",
        exam="{pro:TCT检查} {pro:{mic:HPV}分型检测}",
        op="{pro:广泛性{pro:{bod:子宫}切除术}} {pro:{bod:宫颈}锥切术} {pro:近距离放疗}",
        equ="{equ:{bod:阴道}镜} {equ:后装机} {equ:窥阴器}",
        mic="{mic:人乳头瘤病毒16型} {mic:人乳头瘤病毒18型}",
        cult="{pro:{mic:HPV}分型检测} {pro:{bod:宫颈}脱落细胞学检查}",
        comp="{dis:放射性{dis:{bod:直肠}炎}} {dis:{bod:膀胱}阴道瘘}",
        age=(32, 66),
        sex="女",
        acute=False,
        held=True,
    ),
)

COURSES = "反复 间断 持续性 阵发性 ~发作性 ~顽固性"
GRADES = "明显 轻度 中度 ~进行性"
"""What may stand before a symptom: how it comes, and how bad it is."""
GRADED_ONLY = "消瘦 下降 纳差 乏力 水肿 苍白 无力 口干 多尿 气促 僵 减退 脱 不清 麻木 肿胀"
"""Symptoms with these words take a grade only."""

RISES = "升高 明显升高 增高 ~显著增高 ~偏高"
FALLS = "降低 明显下降 减低 ~进行性下降 ~偏低"

HISTORY = (
    ("{dis:高血压}", "{dru:氨氯地平}"),
    ("{dis:原发性{dis:高血压}}", "{dru:硝苯地平控释片}"),
    ("{dis:2型{dis:糖尿病}}", "{dru:二甲双胍}"),
    ("{dis:冠心病}", "{dru:阿司匹林肠溶片}"),
    ("{dis:高脂血症}", "{dru:阿托伐他汀}"),
    ("{dis:{bod:脑}梗死}", "{dru:氯吡格雷}"),
    ("{dis:慢性{dis:{bod:胃}炎}}", "{dru:铝碳酸镁}"),
    ("{dis:房颤}", "{dru:华法林}"),
    ("~{dis:{bod:前列腺}增生}", "~{dru:非那雄胺}"),
    ("~{dis:高同型半胱氨酸血症}", "~{dru:叶酸}"),
    ("~{dis:过敏性{dis:{bod:鼻}炎}}", "~{dru:氯雷他定}"),
)
"""Diseases of the past with what is taken for them."""

DENIED = (
    "{dis:{bod:肝}炎} {dis:结核} {dis:糖尿病} {dis:冠心病} {dis:高血压} ~{dis:伤寒} ~{dis:血吸虫病} "
    "~{dis:疟疾} {dis:痛风}"
)
ABSENT = (
    "{sym:畏寒} {sym:抽搐} {sym:大小便失禁} {sym:{bod:皮肤}瘙痒} {sym:{bod:双下肢}水肿} {sym:{bod:腹}痛} "
    "{sym:腹泻} {sym:{bod:头}痛} {sym:尿频} {sym:便血} ~{sym:{bod:关节}肿痛} ~{sym:耳鸣} ~{sym:皮下出血} "
    "{sym:咯血} {sym:盗汗} {sym:{bod:胸}痛}"
)
ADVERSE = (
    "{sym:恶心} {sym:皮疹} {sym:腹泻} {sym:便秘} {sym:头晕} {sym:失眠} {sym:{bod:口}干} "
    "{sym:{bod:肝}功能异常} {sym:{ite:转氨酶}升高} {sym:嗜睡} {sym:食欲减退} ~{sym:味觉异常} "
    "~{sym:血管神经性水肿} ~{sym:QT间期延长} ~{sym:{bod:肌肉}酸痛} {sym:脱{bod:发}}"
)
SAFETY = (
    "{ite:ALT} {ite:{bod:血}肌酐} {ite:{bod:血}钾} {ite:转氨酶} {ite:INR} ~{ite:估算肾小球滤过率} "
    "~{ite:QTc间期} {ite:凝血酶原时间}"
)
CONSULTED = (
    "{dep:心内科} {dep:神经内科} {dep:麻醉科} {dep:营养科} {dep:内分泌科} {dep:康复医学科} {dep:重症医学科} "
    "~{dep:临床药学室} ~{dep:输血科} {dep:呼吸内科} ~{dep:老年医学科} {dep:感染科}"
)
WARDS = (
    "{dep:心内科} {dep:神经内科} {dep:内分泌科} {dep:康复医学科} {dep:中医科} "
    "~{dep:老年医学科} ~{dep:全科医学科}"
)
MONITORS = (
    "{equ:心电监护仪} {equ:微量泵} {equ:输液泵} {equ:电子{ite:血压}计} {equ:{ite:血糖}仪} "
    "~{equ:便携式指脉氧仪} ~{equ:多参数监护仪}"
)
VITALS = (
    "{ite:体温}|36.2|38.6|℃ {ite:脉搏}|62|126|次/分 {ite:呼吸}|16|32|次/分 {ite:心率}|60|132|次/分 "
    "{ite:血氧饱和度}|84|98|% ~{ite:指脉氧}|85|97|%"
)
NORMAL_VITALS = (
    "{ite:体温}|36.1|37.0|℃ {ite:脉搏}|62|92|次/分 {ite:呼吸}|15|20|次/分 {ite:心率}|62|92|次/分 "
    "{ite:血氧饱和度}|95|99|% ~{ite:指脉氧}|95|99|%"
)
AFTER_SURGERY = (
    "{sym:{bod:切口}疼痛} {sym:低热} {sym:恶心} {sym:{bod:咽}痛} {sym:{bod:切口}渗血} ~{sym:寒战} "
    "~{sym:排尿困难}"
)
EMERGENCIES = (
    "{dis:过敏性休克} {dis:呼吸心跳骤停} {sym:意识丧失} {dis:窒息} ~{dis:{bod:心室}颤动} ~{dis:阿-斯综合征}"
)
RESCUES = (
    "{dru:肾上腺素}1mg静推 {dru:多巴胺}40mg静推 {pro:胸外按压} {pro:心肺复苏} ~{pro:电除颤} "
    "{dru:地塞米松}10mg静推 ~{dru:去甲肾上腺素}泵入 {pro:{bod:气管}插管}"
)
ANTIMICROBIAL = "沙星|头孢|霉素|西林|培南|硝唑|异烟肼|利福平|呋喃|环素|利奈|昔洛韦|干扰素|卡韦|诺福韦|夫定"
"""What the name of a drug against microbes holds (a regular expression)."""
ASIDES = (
    "家属心情焦虑 患者系脑力劳动者 其子在手术室外等候 手头暂无外院资料 已向家属口头告知病情 目前胃口尚可 "
    "眼下睡眠一般 患者头一次住院 无血缘关系亲属患病 家属对诊疗表示放心 经管医师耐心解释 ~患者久病后心灰意冷 "
    "~家属句句皆肺腑之言 ~患者口头表示同意 ~科室骨干参加讨论"
)
"""Plain words with organs in them; none of them holds an entity."""

ROUTES = {
    "po": ("口服", "po"),
    "iv": ("静滴", "静脉滴注", "ivgtt"),
    "ivp": ("静脉泵入", "微泵维持"),
    "ih": ("皮下注射", "ih"),
    "im": ("肌注", "肌内注射", "im"),
    "inh": ("吸入",),
    "neb": ("雾化",),
    "sl": ("舌下含服",),
    "eye": ("滴眼", "点眼"),
}
FREQUENCIES = {
    "qd": ("每日1次", "qd", "1次/日"),
    "bid": ("每日2次", "bid", "2次/日"),
    "tid": ("每日3次", "tid", "3次/日"),
    "qn": ("每晚1次", "qn"),
    "q6h": ("每6小时1次", "q6h"),
    "q8h": ("每8小时1次", "q8h"),
    "q12h": ("每12小时1次", "q12h"),
    "qod": ("隔日1次", "qod"),
    "qw": ("每周1次", "qw"),
    "q2w": ("每2周1次", "q2w"),
    "q3w": ("每3周1次", "q3w"),
    "q8w": ("每8周1次", "q8w"),
    "qm": ("每月1次", "每4周1次"),
    "st": ("即刻", "st"),
    "prn": ("必要时", "prn"),
}
