"""The course's assignments and grades in the formats of other systems."""
