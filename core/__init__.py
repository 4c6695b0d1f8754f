"""The import engine: CSV and SQL. It never imports Slack, HTTP or queue code."""
