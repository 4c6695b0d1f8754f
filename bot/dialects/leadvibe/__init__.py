"""LeadVibe's API, which is Leadport's own; kenbun's is the same under another name."""
