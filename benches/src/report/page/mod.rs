//! Writes a report as one HTML page, or as Markdown.
