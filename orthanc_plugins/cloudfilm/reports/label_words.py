# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that hospitals print before a value, by field. In Simplified characters: Traditional ones are folded before they are looked up."""

from __future__ import annotations

# An underscore stands for a space or nothing.
SYNONYMS: dict[str, str] = {
    "patient_name": "姓名 患者姓名 病人姓名 病患姓名 受检者姓名 受检者 Name Patient_Name",
    "patient_sex": "性别 患者性别 病人性别 Sex Gender",
    "patient_age": "年龄 患者年龄 病人年龄 Age",
    "patient_id": "影像号 影像编号 影像ID 放射号 放射编号 患者ID 病人ID ID号 患者编号 病人编号 患者号 病人号 CT号 CT编号 MR号 MRI号 DR号 CR号 X线号 X光号 片号 超声号"
    " 病歷號 ID Patient_ID Image_No. MRN",
    "department": "科室 科别 申请科室 送检科室 就诊科室 临床科室 开单科室 开单科别 申请科别 Dept. Department",
    "outpatient_number": "门诊号 门诊编号 门诊ID Outpatient_No.",
    "inpatient_number": "住院号 住院编号 住院ID Inpatient_No. Admission_No.",
    "visit_number": "门诊/住院号 住院/门诊号 门诊号/住院号 住院号/门诊号 门诊住院号",
    "bed_number": "床号 床位 床位号 病床号 Bed_No. Bed",
    "accession_number": "检查号 检查编号 检查单号 检查流水号 检查ID Accession_Number Accession_No. Exam_No. Exam_ID",
    "exam_time": "检查时间 检查日期 检查日 检查日期时间 扫描时间 扫描日期 摄片时间 摄片日期 拍片时间 拍片日期 Exam_Date Exam_Time Study_Date Date_of_Exam",
    "report_time": "报告时间 报告日期 报告日期时间 诊断时间 诊断日期 Report_Date Report_Time Date_of_Report",
    "body_part": "检查部位 部位 扫描部位 摄片部位 检查部位及方法 Body_Part",
    "exam_item": "检查项目 检查名称 项目名称",
    "exam_kind": "检查类型 检查类别 设备类型",
    "reporting_doctor": "报告医师 报告医生 诊断医师 诊断医生 书写医师 书写医生 撰写医师 撰写医生 初诊医师 初诊医生 报告者 报告人 报告大夫 诊断者"
    " Reported_by Radiologist Reporting_Doctor",
    "reviewing_doctor": "审核医师 审核医生 审核者 审核人 审核大夫 复核医师 复核医生 复核者 复诊医师 复诊医生 审签医师 审阅医师 审阅医生 审定医师 主审医师 终审医师 上级医师"
    " Verified_by Reviewed_by Approved_by",
    "findings": "检查所见 影像所见 影像学所见 超声所见 影像表现 影像学表现 检查表现 检查描述 影像描述 超声描述 放射学所见 放射学表现 放射所见 影像发现 CT所见 CT表现 MR所见"
    " MR表现 MRI所见 MRI表现 DR所见 DR表现 X线所见 X线表现 内镜所见 镜下所见 胃镜所见 肠镜所见 所见 Findings Imaging_Findings",
    "impression": "印象 诊断意见 诊断结论 影像诊断 影像学诊断 提示 诊断印象 检查印象 检查诊断 检查结论 检查提示 诊断提示 影像提示 超声提示 超声诊断 超声意见"
    " 放射学诊断 CT诊断 MR诊断 MRI诊断 X线诊断 影像学意见 影像诊断意见 影像学诊断意见 超声诊断意见 印象及建议"
    " 诊断及建议 诊断建议 镜下诊断 内镜诊断 内镜提示 胃镜诊断 肠镜诊断 诊断 结论"
    " Impression Conclusion Diagnosis",
    "advice": "建议 医生建议 医师建议 处理建议 随访建议",
    # The rest only ends what stands before it.
    "after_the_text": "打印时间 打印日期 签名 备注 检查技师 技师 记录者 记录员 活检部位 活检病理 病理诊断 病理结果",
    "other": "报告编号 报告单号 报告号 临床诊断 临床印象 初步诊断 入院诊断 病史 临床病史 病史摘要 主诉 申请医师 申请医生 送检医师 送检医生 检查方法 检查技术 扫描方法"
    " 检查设备 设备 仪器 申请单号 申请时间 申请日期 登记时间 病历号 病案号 就诊卡号 就诊号 病区 费别 民族 职业 出生日期 身份证号 电话 联系电话"
    " 咨询电话 热线 咨询热线 服务热线 传真 手机 手机号 联系方式 邮编 邮政编码 网址"
    " 地址 医保号 医保卡号 社保号 健康卡号 卡号 送检日期 检查目的 对比剂 检查状态"
    " 病人来源 患者来源 患者类型 病人类型",
}  # fmt: skip

# Such a word names the field where the form has no plainer one for it; what stands behind it is never quite sure.
WEAK: dict[str, str] = {
    "accession_number": "流水号 检查序号 内镜号 胃镜号 肠镜号",
    "patient_id": "登记号",
    "reporting_doctor": "检查医师 检查医生 操作医师 操作医生 内镜医师 内镜医生 超声医师 超声医生 医师签名 医生签名 医师签字 医生签字 报告",
    "reviewing_doctor": "审核 复核",
    "report_time": "签发时间 签发日期 审核时间 审核日期",
    "impression": "意见",
}
# These count before a colon at the beginning of a column only: they are words of a sentence too.
ONLY_BEFORE_A_COLON = frozenset({"报告", "审核", "复核", "意见", "建议", "ID"})
TRANSLATIONS = ("Examination", "Exam", "Procedure")  # words before a label that are none by themselves
SIGNED = ("签名", "签字", "签章", "（签名）", "（签字）", "（签章）", "（盖章）")  # behind a doctor's label

# What ends so, before a colon or alone on its line, heads findings or impression where the form has no heading that is known by its whole name.
ANY_FINDINGS, ANY_IMPRESSION = ("所见", "表现", "描述"), ("诊断意见", "诊断", "印象", "提示", "结论", "意见")
NO_HEADING = "临床 病史 症状 主诉 初步 入院 出院 术前 术后 病理 门诊 既往 申请 送检 手术 温馨 特别 友情 体征 处理 危急 检验 实验室 会诊 用药 护理 分诊"
