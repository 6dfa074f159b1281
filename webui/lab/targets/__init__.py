"""The practice targets: each file is one small service, written as a team would write theirs.

They are started by a server in a process of their own (see `webui.lab.manager`), never imported by Katydid.
"""
