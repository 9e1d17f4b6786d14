; Inno Setup 6: an installer for one person, without administrator's rights.
; packaging/windows/wrap.py calls the compiler with /DVersion=0.1.0, and with /DName and /DSign where
; there is something to say.
#ifndef Version
  #error Give the version: /DVersion=0.1.0
#endif
#ifndef Name
  #define Name "snug"
#endif
#define Build "..\..\build\installers"

[Setup]
AppId={{6B1D7E0C-3C53-4D0E-9E43-5A0B4E0C7B52}
AppName=Snug
AppVersion={#Version}
AppPublisher=Snug
AppPublisherURL=https://github.com/snug-chat/snug
DefaultDirName={autopf}\Snug
DisableProgramGroupPage=yes
; A running Snug holds its files: it is asked to close, and its chats are safe.
CloseApplications=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir=..\..\dist
OutputBaseFilename={#Name}-{#Version}-windows-x64
SetupIconFile={#Build}\snug.ico
UninstallDisplayIcon={app}\snugw.exe
LicenseFile=..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
WizardStyle=modern
#ifdef Sign
SignTool={#Sign}
SignedUninstaller=yes
#endif

[Files]
Source: "{#Build}\dist\snug\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[InstallDelete]
; An upgrade must leave nothing of the version before: an old library beside a new one breaks both.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{autoprograms}\Snug"; Filename: "{app}\snugw.exe"; AppUserModelID: "chat.snug.Snug"

[Registry]
; A double click on a model opens it, where no other program is chosen for that; the icon is Snug's.
Root: HKA; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "Snug.gguf"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Snug.gguf"; ValueType: string; ValueData: "GGUF language model"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Snug.gguf\DefaultIcon"; ValueType: string; ValueData: "{app}\snugw.exe,0"
Root: HKA; Subkey: "Software\Classes\Snug.gguf\shell\open\command"; ValueType: string; ValueData: """{app}\snugw.exe"" ""%1"""

[Run]
Filename: "{app}\snugw.exe"; Description: "{cm:LaunchProgram,Snug}"; Flags: nowait postinstall skipifsilent
