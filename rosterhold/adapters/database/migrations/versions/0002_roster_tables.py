"""The roster tables."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime, big_id

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "roster_contacts",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("sis_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_type", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_contacts")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_contacts_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_courses",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_courses")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_courses_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_district_admins",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_district_admins")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_district_admins_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_enrolments",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("section_id", sa.BigInteger(), nullable=False),
        sa.Column("student_id", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_enrolments")),
        sa.UniqueConstraint(
            "district_id",
            "section_id",
            "student_id",
            name=op.f("uq_roster_enrolments_district_id_section_id_student_id"),
        ),
    )
    with op.batch_alter_table("roster_enrolments", schema=None) as batch_op:
        batch_op.create_index("ix_roster_enrolments_student_id", ["student_id"], unique=False)
    op.create_table(
        "roster_guardianships",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("student_id", sa.BigInteger(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("relationships", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_guardianships")),
        sa.UniqueConstraint(
            "district_id",
            "contact_id",
            "student_id",
            name=op.f("uq_roster_guardianships_district_id_contact_id_student_id"),
        ),
    )
    with op.batch_alter_table("roster_guardianships", schema=None) as batch_op:
        batch_op.create_index("ix_roster_guardianships_student_id", ["student_id"], unique=False)
    op.create_table(
        "roster_schools",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("sis_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("school_number", sa.Text(), nullable=False),
        sa.Column("state_id", sa.Text(), nullable=False),
        sa.Column("nces_id", sa.Text(), nullable=False),
        sa.Column("low_grade", sa.Text(), nullable=False),
        sa.Column("high_grade", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("principal_name", sa.Text(), nullable=False),
        sa.Column("principal_email", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_schools")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_schools_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_sections",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("sis_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("school_clever_id", sa.Text(), nullable=False),
        sa.Column("course_clever_id", sa.Text(), nullable=False),
        sa.Column("term_clever_id", sa.Text(), nullable=False),
        sa.Column("teacher_clever_id", sa.Text(), nullable=False),
        sa.Column("teacher_clever_ids", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("section_number", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_sections")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_sections_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_staff",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("school_clever_ids", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_staff")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_staff_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_students",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("sis_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("school_clever_id", sa.Text(), nullable=False),
        sa.Column("school_clever_ids", sa.Text(), nullable=False),
        sa.Column("student_number", sa.Text(), nullable=False),
        sa.Column("state_id", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("dob", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("ell_status", sa.Text(), nullable=False),
        sa.Column("graduation_year", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_students")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_students_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_teachers",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("sis_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("school_clever_id", sa.Text(), nullable=False),
        sa.Column("school_clever_ids", sa.Text(), nullable=False),
        sa.Column("teacher_number", sa.Text(), nullable=False),
        sa.Column("state_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_teachers")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_teachers_district_id_clever_id")
        ),
    )
    op.create_table(
        "roster_terms",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Text(), nullable=False),
        sa.Column("end_date", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_sync", sa.String(length=26), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_sync", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_terms")),
        sa.UniqueConstraint(
            "district_id", "clever_id", name=op.f("uq_roster_terms_district_id_clever_id")
        ),
    )
