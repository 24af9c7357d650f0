"""The storyboards: what three kinds of people see in their first minutes, recorded in pictures.

`make storyboards` plays each story against a real demo in a real browser and a real terminal, and writes the
pages and pictures of docs/storyboards. A step that does not work ends the recording.
"""
