; Inno Setup 6: an installer for one person, without administrator's rights.
;   iscc /DVersion=0.1.0 /DFolder=..\..\build\installers\dist\snug packaging\windows\snug.iss
#ifndef Version
  #error Give the version: /DVersion=0.1.0
#endif
#ifndef Folder
  #define Folder "..\..\build\installers\dist\snug"
#endif
#ifndef Name
  #define Name "snug"
#endif

[Setup]
AppId={{6B1D7E0C-3C53-4D0E-9E43-5A0B4E0C7B52}
AppName=Snug
AppVersion={#Version}
AppPublisher=Snug
AppPublisherURL=https://github.com/snug-chat/snug
DefaultDirName={autopf}\Snug
DefaultGroupName=Snug
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir=..\..\dist
OutputBaseFilename={#Name}-{#Version}-windows-x64
SetupIconFile=snug.ico
UninstallDisplayIcon={app}\snug.exe
LicenseFile=..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
WizardStyle=modern
#ifdef Sign
SignTool={#Sign}
#endif

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[InstallDelete]
; An upgrade must leave nothing of the version before: an old library beside a new one breaks both.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{autoprograms}\Snug"; Filename: "{app}\snug.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "Snug.gguf"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Snug.gguf"; ValueType: string; ValueData: "GGUF language model"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Snug.gguf\shell\open\command"; ValueType: string; ValueData: """{app}\snug.exe"" ""%1"""

[Run]
Filename: "{app}\snug.exe"; Description: "{cm:LaunchProgram,Snug}"; Flags: nowait postinstall skipifsilent
